const looks: (() => void)[] = []
let timer: NodeJS.Timeout | undefined

/** One timer for all: what an idle process costs is how often it wakes. It does not keep the process. */
export function eachSecond(look: () => void): void {
  looks.push(look)
  timer ??= setInterval(() => looks.forEach((each) => each()), 1_000).unref()
}
