// Texts that an earlier page could not save: put back, or offered where it is not plain which text is the newer one.
import { make } from "../elements.js";
import { copiesOf, dropCopy, holdTab, openTabs } from "./copies.js";
import { sameWords, showWords, wordsOf } from "./fields.js";

const opening = (words) => `${words.title} ${words.text}`.trim().replace(/\s+/g, " ").slice(0, 80);

function pressable(text, act) {
  const button = make("button", { type: "button", class: "button small" }, text);
  button.addEventListener("click", act);
  return button;
}

/** A notice in the words of the template called `name`, with the opening of a text and what can be done. */
export function notice(form, name, text, ...buttons) {
  const box = form.querySelector(`template[data-notice="${name}"]`).content.firstElementChild.cloneNode(true);
  box.querySelector("[data-notice-text]").textContent = text;
  const place = box.querySelector("[data-notice-buttons]");
  const labels = place.dataset;
  place.replaceChildren(...buttons.map(([label, act]) => pressable(labels[label], () => { box.remove(); act(); })));
  form.querySelector("[data-writing-notices]").append(box);
  return box;
}

function take(form, saving, copy) {
  dropCopy(copy);
  saving.adopt(copy);
  showWords(form, copy.words);
}

/** Copies of this very article: silently where the server has heard nothing newer, else by asking. */
function recoverOwn(form, saving, open) {
  const found = copiesOf(form.dataset.viewer, form.elements.key.value).filter((copy) => !open.has(copy.by));
  const base = Number(form.elements.base.value);
  for (const copy of found) {
    if (sameWords(copy.words, wordsOf(form))) { dropCopy(copy); continue; }
    if (copy === found[0] && (copy.base === base || copy.by === form.dataset.savedBy)) {
      take(form, saving, copy);
      notice(form, "back", opening(copy.words));
      saving.save({ over: true });
      continue;
    }
    notice(form, "other", opening(copy.words),
      ["use", () => { take(form, saving, copy); saving.save({ over: true }); }], ["discard", () => dropCopy(copy)]);
  }
}

/** On the page for a new article: what could not be saved of others. */
function offerOthers(form, saving, open) {
  for (const copy of copiesOf(form.dataset.viewer)) {
    if (copy.key === form.elements.key.value || open.has(copy.by)) continue;
    const page = copy.object_id ? `/posts/${copy.object_id}/article` : copy.draft_id ? `/write/${copy.draft_id}` : "";
    notice(form, "waiting", opening(copy.words),
      ["use", () => { if (page) location.assign(page); else { take(form, saving, copy); saving.save(); } }],
      ["discard", () => dropCopy(copy)]);
  }
}

export async function recover(form, saving) {
  holdTab(form.elements.by.value);
  const open = await openTabs();
  recoverOwn(form, saving, open);
  if (!form.elements.draft_id.value && !form.elements.object_id.value && !wordsOf(form).text) offerOthers(form, saving, open);
}

/** Somebody else saved meanwhile: both texts stay, the writer says which one goes on. */
export function askWhich(form, saving, answer) {
  const other = { ...wordsOf(form), ...answer.words };
  const box = notice(form, "changed", "",
    ["mine", () => saving.save({ over: true })],
    ["theirs", async () => {
      await saving.save({ over: true });
      showWords(form, other);
      await saving.save({ over: true });
    }]);
  box.querySelector("[data-notice-other]").textContent = `${other.title}\n\n${other.text}`.trim();
  box.scrollIntoView({ block: "nearest" });
}
