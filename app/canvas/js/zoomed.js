// A page may be zoomed by its style, as for presenting: what the browser says of places is larger than what is drawn in.

// Pixels on the page to one of the element's own.
/** @param {HTMLElement} element */
export function zoomOf(element) {
  return element.offsetWidth ? element.getBoundingClientRect().width / element.offsetWidth : 1;
}

// Where the pointer is, in the element's own pixels.
/** @param {HTMLElement} element @param {MouseEvent} event */
export function pointOn(element, event) {
  const box = element.getBoundingClientRect(), zoom = zoomOf(element);
  return { x: (event.clientX - box.left) / zoom, y: (event.clientY - box.top) / zoom };
}
