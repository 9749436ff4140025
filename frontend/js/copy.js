// Copy buttons: data-copy holds the text; an address of this site becomes a full one.
import { toast, toastText } from "./toast.js";

async function copy(text) {
  const whole = /^\/[^/\s]/.test(text) ? new URL(text, location.href).href : text;
  try {
    await navigator.clipboard.writeText(whole);
    toast(toastText("copied"));
  } catch {
    // No permission, or a page without TLS: show the text so that it can be copied by hand.
    toast(whole);
  }
}

export function startCopy() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy);
  });
}
