// The switch between light, dark and "as on the device". The cookie lets the server draw the next page right at once.
const YEAR_S = 31_536_000;
const NEXT = { auto: "light", light: "dark", dark: "auto" };

const current = () => document.documentElement.dataset.theme || "auto";

function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const age = theme === "auto" ? 0 : YEAR_S;
  document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

function label() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.querySelector("[data-theme-label]").textContent = button.dataset[current()];
  }
}

export function startTheme() {
  label();
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    apply(NEXT[current()]);
    label();
  });
}
