// Where keys belong to what has the focus: where one writes, and where one chooses from a list.

const WRITING = "input:not([type=range]):not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable=true]";
const CHOOSING = "[role=listbox], [role=menu], [role=dialog], [data-testid=stPopoverBody]";

function ownsKeys(event) {
  const at = event.composedPath()[0];
  return !(at instanceof Element) || at.matches(WRITING) || at.closest(CHOOSING) !== null;
}

// Runs `stop` once a component's element has left the page. Streamlit cleans up after a call also when another follows.
function onceGone(element, stop) {
  return () => setTimeout(() => element.isConnected || stop());
}
