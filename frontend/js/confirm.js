// Links to a page that asks first (data-confirm="question") ask in a dialog instead, which posts to the same address.
export function startConfirm() {
  const dialog = document.getElementById("confirm-dialog");
  if (!dialog?.showModal) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-confirm]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    dialog.querySelector("form").action = link.href;
    dialog.querySelector("h2").textContent = link.dataset.confirm;
    dialog.querySelector("[data-confirm-yes]").textContent = link.textContent.trim();
    dialog.showModal();
  });
}
