/** What a preview is there for: pages, or (`ssh`) a way in and nothing on HTTP. Pure. */

export const kinds = ['web', 'ssh'] as const
export type Kind = (typeof kinds)[number]

export const KIND_LABEL = 'lotan.kind'

/** Before its image is known it is taken for what most are. */
export function kindOf(preview: { image: { labels: Record<string, string> } | null } | undefined): Kind {
  const text = preview?.image?.labels[KIND_LABEL]
  return kinds.find((kind) => kind === text) ?? 'web'
}
