// Unsent text, kept in this browser. A draft is dropped only after the page that follows its sending is no error page.
import { recall, remember, remembered } from "./storage.js";

const KIND = "draft:";

/** The draft called `name`: an object of texts, or null. */
export const readDraft = (name) => recall(KIND + name);

/** Keep a draft; null drops it. */
export const writeDraft = (name, draft) => remember(KIND + name, draft);

/** Drop the drafts that were sent, unless this page says that sending failed. */
export function dropSentDrafts() {
  if (document.querySelector(".error-status")) return;
  for (const key of remembered(KIND)) if (recall(key)?.sent) remember(key, null);
}
