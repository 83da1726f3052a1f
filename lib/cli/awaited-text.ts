/** What a server lacks that others have reported to hold and nobody gives it at the moment, as one note of the status commands. */
export function awaitedText(servers: readonly string[]): string {
  return `lacks what ${servers.join(', ')} reported to hold, and waits for a server that gives it`;
}
