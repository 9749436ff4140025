// media-chrome speaks the language of the browser; here it speaks that of the page, if it can.
import { addTranslation, setLanguage } from "media-chrome/dist/utils/i18n.js";

const WORDS = {
  de: () => import("media-chrome/dist/lang/de.js").then(({ De }) => De),
  es: () => import("media-chrome/dist/lang/es.js").then(({ Es }) => Es),
  fr: () => import("media-chrome/dist/lang/fr.js").then(({ Fr }) => Fr),
  pt: () => import("media-chrome/dist/lang/pt.js").then(({ Pt }) => Pt),
};

let asked = null;

async function learn() {
  const lang = document.documentElement.lang.split("-")[0] || "en";
  setLanguage(lang);
  if (WORDS[lang]) addTranslation(lang, await WORDS[lang]());
}

/** To be awaited before the first control is made. */
export const speakPageLanguage = () => {
  asked ??= learn().catch(() => {});
  return asked;
};
