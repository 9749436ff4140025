// The composer: counter, growing field, draft, more poll answers, sending by Ctrl+Enter. (The preview is htmx's.)
import { startAttaching } from "./attach.js";
import { dropSentDrafts, readDraft, writeDraft } from "./drafts.js";

const SAVE_AFTER_MS = 400;

/** Length as the server counts it: code points, so that an emoji of one code point is one. */
export const countCharacters = (text) => [...text].length;

function startCounter(form, text) {
  const counter = form.querySelector("[data-counter]");
  const submit = form.querySelector("[data-submit]");
  const count = () => {
    const left = Number(form.dataset.maxChars) - countCharacters(text.value);
    counter.textContent = left;
    counter.parentElement.classList.toggle("over", left < 0);
    submit.disabled = left < 0;
  };
  text.addEventListener("input", count);
  count();
}

/** The time a post comes out is on the writer's own clock; the server learns how far that is ahead of UTC then. */
function startTime(form) {
  const editor = form.querySelector("[data-time-editor]");
  const at = form.elements.publish_at;
  if (!editor || !at) return;
  editor.querySelector("[data-time-zone]").hidden = true;
  const offset = form.elements.utc_offset;
  const note = () => { offset.value = at.value ? -new Date(at.value).getTimezoneOffset() : 0; };
  at.addEventListener("input", note);
  note();
}

function startDraft(form, text) {
  const name = form.dataset.draft;
  if (!name) return;
  const warning = form.elements.warning;
  const note = form.querySelector("[data-draft-note]");
  const draft = readDraft(name);
  if (draft?.text && !text.value) {
    text.value = draft.text;
    warning.value = draft.warning ?? "";
    if (warning.value) form.querySelector("[data-warning-editor]").open = true;
    note.hidden = false;
  }
  let timer = 0;
  const save = (sent = false) => {
    clearTimeout(timer);
    writeDraft(name, text.value.trim() ? { text: text.value, warning: warning.value, sent } : null);
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, SAVE_AFTER_MS); });
  form.addEventListener("submit", () => save(true));
  form.querySelector("[data-draft-discard]").addEventListener("click", () => {
    clearTimeout(timer);
    writeDraft(name, null);
    text.value = warning.value = "";
    note.hidden = true;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });
}

function startPoll(form) {
  const editor = form.querySelector("[data-poll-editor]");
  const add = editor?.querySelector("[data-poll-add]");
  if (!add) return;
  const rows = () => editor.querySelectorAll(".poll-row");
  const limit = () => { add.hidden = rows().length >= Number(editor.dataset.max); };
  add.addEventListener("click", () => {
    const row = [...rows()].at(-1).cloneNode(true);
    const input = row.querySelector("input");
    input.value = "";
    input.placeholder = row.querySelector("span").textContent = `${input.dataset.label} ${rows().length + 1}`;
    [...rows()].at(-1).after(row);
    limit();
    input.focus();
  });
  limit();
}

function startGrowing(text) {
  if (CSS.supports("field-sizing", "content")) return;
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  };
  text.addEventListener("input", grow);
  grow();
}

export function startComposer() {
  dropSentDrafts();
  document.querySelectorAll("textarea[data-grow]").forEach(startGrowing);
  const form = document.querySelector("form.composer");
  if (!form) return;
  const text = form.elements.text;
  startDraft(form, text);
  startCounter(form, text);
  startPoll(form);
  startTime(form);
  startAttaching(form);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector("[data-submit]"));
  });
}
