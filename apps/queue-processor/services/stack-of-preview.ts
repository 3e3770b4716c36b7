import type { Image } from '../../shared/preview/preview.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import { problemText, type Stack, type StackProblem } from '../../shared/stack/stack.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'

/** Null where it has none, or one that cannot be used. */
export function stackOfImage(
  { config }: { config: Parameters<typeof stackOf>[2] },
  id: PreviewId,
  image: Image | null,
): Stack | null {
  const read = image && stackOf(id, image, config)
  return read && 'stack' in read ? read.stack : null
}

export function badStack(problems: readonly StackProblem[]): Reason {
  return { code: 'bad-stack', detail: problems.map(problemText).join('\n') }
}
