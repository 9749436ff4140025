// The video player: media-chrome round the page's own <video>, and hls.js once it plays where there is a playlist.
import "./shadow-styles.js";
import "media-chrome/media-controller";
import "media-chrome/media-control-bar";
import "media-chrome/media-play-button";
import "media-chrome/media-mute-button";
import "media-chrome/media-volume-range";
import "media-chrome/media-time-range";
import "media-chrome/media-time-display";
import MediaCaptionsButton from "media-chrome/media-captions-button";
import "media-chrome/media-playback-rate-button";
import "media-chrome/media-pip-button";
import "media-chrome/media-fullscreen-button";
import "media-chrome/media-loading-indicator";
import { make } from "./elements.js";
import { speakPageLanguage } from "./player-words.js";

// The library tells its state by aria-checked, which a button does not have; a switch does.
class CaptionsSwitch extends MediaCaptionsButton {
  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "switch");
  }
}
customElements.define("captions-switch", CaptionsSwitch);

/** Play the playlist instead of the file, from the first press on. If that fails the file goes on. */
function playInSteps(video, playlist) {
  const start = async () => {
    video.pause();
    const { default: Hls } = await import("hls.js");
    if (!Hls.isSupported()) {
      if (video.canPlayType("application/vnd.apple.mpegurl")) video.src = playlist;
      return video.play();
    }
    const hls = new Hls({ enableWorker: false, capLevelToPlayerSize: true, startPosition: video.currentTime });
    const back = () => {
      const { currentTime } = video;
      hls.destroy();
      video.removeAttribute("src");
      video.load();
      video.currentTime = currentTime;
      video.play().catch(() => {});
    };
    hls.on(Hls.Events.ERROR, (_event, data) => { if (data.fatal) back(); });
    hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().catch(() => {}));
    hls.loadSource(playlist);
    hls.attachMedia(video);
    return undefined;
  };
  video.addEventListener("play", () => start().catch(() => {}), { once: true });
}

function controlBar(video) {
  const bar = make("media-control-bar", {}, make("media-play-button"), make("media-mute-button"),
    make("media-volume-range"), make("media-time-range"), make("media-time-display", { showduration: "" }));
  if (video.querySelector("track[kind=captions]")) bar.append(make("captions-switch"));
  bar.append(make("media-playback-rate-button", { rates: "0.5 0.75 1 1.25 1.5 2" }), make("media-pip-button"),
    make("media-fullscreen-button"));
  return bar;
}

export async function enhance(box) {
  const video = box.querySelector(":scope > video");
  if (!video) return;
  await speakPageLanguage();
  if (!video.paused) video.pause();
  const controller = make("media-controller", { noautoseektolive: "" });
  if (box.dataset.seconds) controller.setAttribute("defaultduration", box.dataset.seconds);
  video.controls = false;
  video.slot = "media";
  video.before(controller);
  controller.append(video, make("media-loading-indicator", { slot: "centered-chrome", noautohide: "" }),
    make("media-play-button", { slot: "centered-chrome", class: "player-start" }), controlBar(video));
  // A card that is drawn anew leaves a player as it is.
  box.dataset.kept = "";
  if (box.dataset.hls) playInSteps(video, box.dataset.hls);
}
