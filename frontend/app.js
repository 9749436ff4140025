// Entry point: every page works without this; here each module adds one comfort.
import "./js/requests.js";
import { startComposer } from "./js/composer.js";
import { startConfirm } from "./js/confirm.js";
import { startCopy } from "./js/copy.js";
import { startDialogs } from "./js/dialogs.js";
import { startLive } from "./js/live.js";
import { startMedia } from "./js/media.js";
import { startMenus } from "./js/menus.js";
import { startPasskeys } from "./js/passkeys.js";
import { startPicturePreviews } from "./js/picture-preview.js";
import { startPreparing } from "./js/preparing.js";
import { startRelativeTimes } from "./js/relative-time.js";
import { startShortcuts } from "./js/shortcuts.js";
import { startSigningOut } from "./js/signing-out.js";
import { startTheme } from "./js/theme.js";
import { startWriting } from "./js/writing.js";

document.documentElement.classList.add("js");
for (const start of [
  startDialogs, startMenus, startConfirm, startCopy, startTheme,
  startRelativeTimes, startComposer, startMedia, startLive, startShortcuts, startPasskeys,
  startPicturePreviews, startPreparing, startSigningOut, startWriting,
]) start();
