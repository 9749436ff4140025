// Brings the editor of articles to life.
import { askWhich, recover } from "./recovering.js";
import { keepForReload, openCopy, openedWithoutServer } from "./offline.js";
import { startCounting } from "./words.js";
import { startInserting } from "./inserting.js";
import { startOptions } from "./options.js";
import { startPictures } from "./pictures.js";
import { startPreview } from "./previewing.js";
import { startSaving } from "./saving.js";

const TROUBLE = new Set(["kept", "lost", "signed-out", "changed", "refused"]);

/** Says how saving goes: always to be seen, and spoken only when it begins or ceases to fail. */
function startStates(form) {
  const shown = form.querySelector("[data-writing-state]");
  const spoken = form.querySelector("[data-writing-said]");
  const history = form.querySelector("[data-writing-history]");
  let trouble = false;
  return (state, detail = "") => {
    const words = form.dataset[`said${state.replace(/(^|-)(\w)/g, (_all, _dash, letter) => letter.toUpperCase())}`];
    const at = state === "saved" && detail ? new Date(detail).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" }) : detail;
    shown.textContent = at ? `${words} ${at}` : words;
    if (TROUBLE.has(state) !== trouble && state !== "saving") {
      trouble = TROUBLE.has(state);
      spoken.textContent = shown.textContent;
      form.toggleAttribute("data-trouble", trouble);
    }
    if (state === "saved" && form.elements.draft_id.value) {
      history.href = `/write/${form.elements.draft_id.value}/history`;
      history.hidden = false;
    }
  };
}

function startFormat(form) {
  const note = () => { form.dataset.format = form.elements.content_type.value; };
  form.elements.content_type.addEventListener("change", note);
  note();
}

export function start(form) {
  const state = startStates(form);
  const tell = { state, changed: (answer) => askWhich(form, saving, answer) };
  const alone = openedWithoutServer(form);
  const saving = startSaving(form, tell);
  startFormat(form);
  startInserting(form);
  startPictures(form);
  startOptions(form, saving);
  startPreview(form);
  if (alone) openCopy(form, saving, tell, alone);
  else recover(form, saving);
  startCounting(form);
  form.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    saving.save();
  });
  form.elements.title.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    form.elements.text.focus();
    form.elements.text.setSelectionRange(0, 0);
  });
  form.dataset.ready = "";
  keepForReload(form);
}
