// Saves while one writes. Every word is in this browser within a moment, and on the server when that can be reached.
import { ask } from "./asking.js";
import { dropCopy, keepCopy, keepLast } from "./copies.js";
import { isEmpty, mediaOf, sameWords, wordsOf } from "./fields.js";

const KEEP_MS = 250;
const SAVE_MS = 1500;
const AGAIN_MS = [1000, 2000, 4000, 8000, 15_000];

/** Begin; `tell` has state(word, detail) and changed(answer). Gives {save, adopt, words, copy}. */
export function startSaving(form, tell) {
  const { key, by, base, draft_id: draft, object_id: object } = form.elements;
  let saved = wordsOf(form);
  let tries = 0;
  let held = false; // another text stands there, and nothing is saved until it is decided which one stays
  let keepTimer = 0;
  let saveTimer = 0;
  let running = null;

  const isSaved = () => sameWords(wordsOf(form), saved);
  const copy = () => ({
    viewer: form.dataset.viewer, key: key.value, by: by.value, base: Number(base.value), draft_id: Number(draft.value) || null,
    object_id: Number(object.value) || null, media_ids: mediaOf(form), words: wordsOf(form), at: Date.now(),
  });
  const keep = () => {
    clearTimeout(keepTimer);
    if (isSaved()) return dropCopy(copy()) ?? true;
    return keepCopy(copy());
  };

  function settle(sent, answer) {
    saved = sent.words;
    base.value = answer.revision;
    if (!draft.value) {
      draft.value = answer.draft_id;
      if (!object.value) history.replaceState(history.state, "", `/write/${answer.draft_id}`);
    }
    tries = 0;
    keep();
    keepLast({ ...copy(), words: saved });
    if (isSaved()) tell.state("saved", answer.saved_at);
    else plan();
  }

  async function send({ over = false, parting = false } = {}) {
    const sent = copy();
    if (!over && (isSaved() || (isEmpty(sent.words) && !draft.value))) return true;
    tell.state("saving");
    const answer = await ask(form, { ...sent, over }, parting);
    if (answer.was === "saved") { settle(sent, answer); return true; }
    const kept = keep();
    if (answer.was === "changed") { held = true; tell.state("changed"); tell.changed(answer); return false; }
    if (answer.was === "refused") { tell.state("refused", answer.error); return false; }
    tell.state(!kept ? "lost" : answer.was === "signed-out" ? "signed-out" : "kept");
    plan(AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
    tries += 1;
    return false;
  }

  /** Save now; whoever asks while a save is under way waits for it and asks again. True if all words are saved. */
  async function save(options = {}) {
    clearTimeout(saveTimer);
    if (options.over) held = false;
    while (running) await running;
    if (held) return false;
    running = send(options);
    const done = await running.finally(() => { running = null; });
    return done && isSaved();
  }

  function plan(pause = Math.max(SAVE_MS, form.elements.text.value.length / 200)) {
    clearTimeout(saveTimer);
    if (!held) saveTimer = setTimeout(save, pause);
  }

  form.addEventListener("input", () => {
    clearTimeout(keepTimer);
    keepTimer = setTimeout(keep, KEEP_MS);
    if (tries === 0) plan();
  });
  form.addEventListener("change", () => { if (tries === 0) plan(); });
  window.addEventListener("online", () => save());
  window.addEventListener("pagehide", () => keep());
  document.addEventListener("visibilitychange", () => { if (document.hidden) { keep(); save({ parting: true }); } });
  window.addEventListener("beforeunload", (event) => { if (!isSaved() && !keep()) event.preventDefault(); });

  keepLast(copy());
  return {
    save, copy, words: () => wordsOf(form),
    /** What stands in the form is what the server has. */
    isAsSaved() { saved = wordsOf(form); },
    /** What a copy of before says about where it belongs becomes true for this page. */
    adopt(found) {
      key.value = found.key;
      by.value = found.by; // what that page saved last without hearing of it is this page's own then
      draft.value = found.draft_id ?? "";
      object.value = found.object_id ?? "";
      if (found.draft_id) history.replaceState(history.state, "", `/write/${found.draft_id}`);
    },
  };
}
