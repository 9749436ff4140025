// Menus made of <details>: only one open at a time, closed by a click elsewhere, by a choice, or by Escape.
const OPEN_MENUS = ".menu[open], .tab-more[open]";

function closeMenus(except = null) {
  for (const menu of document.querySelectorAll(OPEN_MENUS)) if (menu !== except) menu.open = false;
}

export function startMenus() {
  document.addEventListener("click", (event) => {
    const menu = event.target.closest(".menu, .tab-more");
    const chosen = event.target.closest(".menu-panel :is(a, button)");
    closeMenus(chosen ? null : menu);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.(OPEN_MENUS);
    closeMenus();
    menu?.querySelector("summary").focus();
  });
}
