// Texts that are not saved yet, kept in this browser: one for each tab, under the name of who writes.
import { recall, remember, remembered } from "../storage.js";

const KIND = "writing:";
const LAST = "written:"; // saved texts that were open last, for a reload without a server
const MOST = 3;

const nameOf = (viewer, key, by) => `${KIND}${viewer}:${key}:${by}`;

/** Keep a copy; says whether the browser really has it. */
export function keepCopy(copy) {
  const name = nameOf(copy.viewer, copy.key, copy.by);
  remember(name, copy);
  return recall(name)?.at === copy.at;
}

export const dropCopy = (copy) => remember(nameOf(copy.viewer, copy.key, copy.by), null);

/** Copies of one writer, of one article if a key is given, newest first. */
export const copiesOf = (viewer, key = "") => remembered(`${KIND}${viewer}:${key && `${key}:`}`)
  .map(recall).filter((copy) => copy?.words).sort((one, other) => other.at - one.at);

const lastName = (viewer, draft) => `${LAST}${viewer}:${draft}`;

/** The saved text of a draft as this device had it last, or null. */
export const lastOf = (viewer, draft) => recall(lastName(viewer, draft));

/** Keep a saved text, and forget all but the last few. */
export function keepLast(copy) {
  if (!copy.draft_id) return;
  remember(lastName(copy.viewer, copy.draft_id), copy);
  const older = remembered(LAST).map((name) => [recall(name)?.at ?? 0, name]).sort(([one], [other]) => other - one).slice(MOST);
  for (const [, name] of older) remember(name, null);
}

export const dropLast = (copy) => { if (copy.draft_id) remember(lastName(copy.viewer, copy.draft_id), null); };

const lockOf = (by) => `${KIND}${by}`;

/** Let other tabs know that the one called `by` is open; its copies are its own business as long as it is. */
export const holdTab = (by) => { navigator.locks?.request(lockOf(by), () => new Promise(() => {})); };

/** Which tabs are open, as far as the browser says. */
export async function openTabs() {
  const found = await navigator.locks?.query();
  return new Set((found?.held ?? []).filter(({ name }) => name.startsWith(KIND)).map(({ name }) => name.slice(KIND.length)));
}
