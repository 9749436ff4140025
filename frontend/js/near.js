// Something to do once an element comes near the part of the page that is seen.
const DISTANCE = "300px";

/** Call `act` once, when `element` is in view or almost. */
export function whenNear(element, act) {
  const observer = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    act();
  }, { rootMargin: DISTANCE });
  observer.observe(element);
}
