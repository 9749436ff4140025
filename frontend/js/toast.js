// Short messages at the foot of the page, read out by screen readers. Their words come from the page, translated.
const SHOWN_MS = 4000;

const area = () => document.getElementById("toasts");

/** A translated text that the page carries for scripts: "failed" or "copied". */
export const toastText = (name) => area()?.dataset[name] ?? "";

/** Show a message for a few seconds. */
export function toast(text) {
  const box = area();
  if (!box || !text) return;
  const message = document.createElement("p");
  message.className = "toast";
  message.textContent = text;
  box.replaceChildren(message);
  setTimeout(() => message.remove(), SHOWN_MS);
}
