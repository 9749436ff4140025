// Signing out takes what is private off this device (the server says so to the browser); before that, it asks if words would be lost.
import { remembered } from "./storage.js";

export function startSigningOut() {
  const dialog = document.getElementById("confirm-dialog");
  for (const form of document.querySelectorAll('form[action="/signout"][data-unsaved]')) {
    form.addEventListener("submit", (event) => {
      if (!dialog?.showModal || !remembered("writing:").length) return;
      event.preventDefault();
      dialog.querySelector("form").action = form.action;
      dialog.querySelector("h2").textContent = form.dataset.unsaved;
      dialog.querySelector("[data-confirm-yes]").textContent = form.textContent.trim();
      dialog.showModal();
    });
  }
}
