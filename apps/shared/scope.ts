/** What a caller of the admin's host may do: each scope includes those before it. `public`: what needs no login. */
export const scopes = ['public', 'read', 'run', 'shell', 'admin'] as const
export type Scope = (typeof scopes)[number]
