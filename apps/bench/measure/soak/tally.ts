/** How clients of one kind ended, and what must not have been. */
export type Tally = ReturnType<typeof openTally>

export function openTally() {
  const counts = new Map<string, number>()
  const wrong: string[] = []
  return {
    count: (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    /** @param what came where something else had to come */
    fault: (what: string) => void wrong.push(what),
    counts: () => Object.fromEntries([...counts].sort()),
    wrong: (): readonly string[] => wrong,
  }
}
