// Buttons that open a <dialog> of the page (data-open-dialog="id") or close the one they are in (data-close-dialog).
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
    if (event.target.closest("[data-close-dialog]") || event.target.matches?.("dialog")) {
      event.target.closest("dialog")?.close();
    }
  });
}
