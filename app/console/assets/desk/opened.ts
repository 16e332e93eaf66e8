// Who wants to hear that another conversation is open.
const listeners = new Set<(id: string) => void>();

/** Called whenever another conversation is open, and for the first one. */
export function whenOpened(run: (id: string) => void): void {
  listeners.add(run);
}

export function announce(id: string): void {
  listeners.forEach((run) => run(id));
}
