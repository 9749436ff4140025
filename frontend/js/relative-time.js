// Keeps "3 h" true while the page is open, in the language of the page and the time zone of the reader.
const STEPS = [["minute", 60], ["hour", 3600], ["day", 86_400]];
const WEEK_S = 7 * 86_400;
const REFRESH_MS = 30_000;

const lang = document.documentElement.lang || undefined;
const fullForm = new Intl.DateTimeFormat(lang, { dateStyle: "long", timeStyle: "short" });
const thisYear = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short" });
const otherYear = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric" });

const amount = (unit, number) => new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short" }).format(number);

/** The short form of a moment: an amount of time within a week (past or coming), a date beyond. */
export function shortForm(date, now = new Date()) {
  const seconds = Math.abs(now - date) / 1000;
  if (seconds >= WEEK_S) return (date.getFullYear() === now.getFullYear() ? thisYear : otherYear).format(date);
  const [unit, length] = STEPS.findLast(([, length]) => seconds >= length) ?? ["second", 1];
  return amount(unit, Math.floor(seconds / length));
}

function refresh() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    time.title = fullForm.format(date);
    time.textContent = time.hasAttribute("data-relative") ? shortForm(date) : fullForm.format(date);
  }
}

export function startRelativeTimes() {
  refresh();
  setInterval(() => { if (!document.hidden) refresh(); }, REFRESH_MS);
  document.addEventListener("htmx:after:swap", refresh);
  document.addEventListener("potluck:added", refresh);
}
