// SIGHUP as a call: what a daemon reads its files anew for. Only for daemons; a command ends on
// it.

/** Calls at each SIGHUP from now on; answers how to stop that. */
export function onHangup(call: () => void): () => void {
  process.on('SIGHUP', call);
  return () => void process.off('SIGHUP', call);
}
