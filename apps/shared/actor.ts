/** Who changes something, and from where: for the history and the log. */
export interface Actor {
  /** `admin`, a person as their login knows them, `token NAME`, `visitor`, or `lotan` for what it does by itself. */
  who: string
  /** As nginx tells it; null where there is none. */
  address: string | null
  /** The id of the request that it came with, as in nginx's log; none for what Lotan does by itself. */
  request?: string | null
}

export const LOTAN: Actor = { who: 'lotan', address: null }
