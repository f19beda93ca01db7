// Runs a component whose script stays in the page (`resident.js`): now, or once that has come.

/** @param {string} name @param {Component<any>} call @returns {(() => void) | void} */
export function called(name, call) {
  const run = globalThis.treecoreResident?.get(name);
  if (run) return run(call);
  /** @type {(() => void) | void} */
  let leave;
  const abort = new AbortController();
  document.addEventListener("treecore-resident", () => (leave = called(name, call)), { once: true, signal: abort.signal });
  return () => {
    abort.abort();
    leave?.();
  };
}
