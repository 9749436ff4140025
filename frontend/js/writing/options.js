// What is asked before an article goes out, and the going out: never before every word is saved.
import { dropLast } from "./copies.js";

export function startOptions(form, saving) {
  const dialog = form.querySelector("dialog.writing-options");
  const open = () => { if (!dialog.open) dialog.showModal(); };
  form.querySelector("[data-writing-publish]").addEventListener("click", open);
  form.querySelector("[data-writing-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
  if (dialog.hasAttribute("data-open")) open();

  const { publish_at: at, utc_offset: offset } = form.elements;
  const clock = () => { offset.value = at.value ? -new Date(at.value).getTimezoneOffset() : 0; };
  at?.addEventListener("input", clock);

  let going = false;
  form.addEventListener("submit", async (event) => {
    if (going) return;
    event.preventDefault();
    const button = event.submitter;
    if (!button?.matches("[name=publish]")) { await saving.save(); return; }
    button.disabled = true;
    const saved = await saving.save();
    button.disabled = false;
    if (!saved) { dialog.close(); return; }
    going = true;
    dropLast(saving.copy());
    form.requestSubmit(button);
  });
}
