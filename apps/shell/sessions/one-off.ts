/** The label of containers that `lotan run` makes: the id of their session. */
export const RUN = 'lotan.run'
