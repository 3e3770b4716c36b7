import { z } from 'zod'
import { rules, setting } from '../setting.ts'
import { issuerUrl, networkList } from '../values/address.ts'
import { headerName, jobs, people } from '../values/access.ts'
import { anyText, gatePassword, oneOf } from '../values/text.ts'

const settings = {
  LOTAN_GATE: setting(oneOf('off', 'password', 'login'), {
    standard: 'off',
    description: 'What visitors of previews pass: nothing (`off`), one `password` for all, or a `login`.',
  }),
  LOTAN_GATE_PASSWORD: setting(gatePassword, {
    description: 'The password of the gate `password`: 8 characters or more. Another one ends all passes of this one.',
    secret: true,
  }),
  LOTAN_USER_HEADER: setting(headerName, {
    description:
      'The header in which a proxy of `LOTAN_TRUSTED_PROXIES` names who has logged in there, such as `X-Forwarded-User`.',
  }),
  LOTAN_OIDC_ISSUER: setting(issuerUrl, {
    description: 'A login provider (OpenID Connect), such as `https://login.example.com/realms/team`.',
  }),
  LOTAN_OIDC_CLIENT_ID: setting(anyText, { description: 'As the provider knows this Lotan.' }),
  LOTAN_OIDC_CLIENT_SECRET: setting(anyText, { description: 'The secret of that client.', secret: true }),
  LOTAN_OIDC_ADMINS: setting(people, {
    description:
      'Who may use admin page and API, by header or provider: addresses, `@domain`, `group:NAME`, separated by spaces.',
  }),
  LOTAN_OIDC_ALLOW: setting(people, {
    description: 'Who else may log in, to open previews alone. Written as `LOTAN_OIDC_ADMINS`.',
  }),
  LOTAN_OIDC_TRUST: setting(jobs, {
    description:
      'Repositories whose CI jobs may use the API by their OpenID token: `github:owner/name` or `gitlab:group/name`, several by spaces.',
  }),
  LOTAN_METRICS_ALLOW: setting(networkList, {
    description:
      'Addresses and networks, separated by spaces, that may read `/metrics` without a token: `192.0.2.7 10.0.0.0/8`.',
  }),
}

const client = ['LOTAN_OIDC_CLIENT_ID', 'LOTAN_OIDC_CLIENT_SECRET'] as const

export const access = {
  title: 'Who may what',
  settings,
  schema: z
    .object({ ...settings, LOTAN_TRUSTED_PROXIES: z.string().optional() })
    .check(
      rules((given, { good, refuse }) => {
        const { LOTAN_USER_HEADER: header, LOTAN_OIDC_ISSUER: issuer } = given
        const hasHeader = good('LOTAN_USER_HEADER') && header !== null
        const hasIssuer = good('LOTAN_OIDC_ISSUER') && issuer !== null
        const { LOTAN_GATE: gate, LOTAN_GATE_PASSWORD: gatePassword } = given
        if (good('LOTAN_GATE', 'LOTAN_GATE_PASSWORD')) {
          if (gate === 'password' && gatePassword === null)
            refuse('LOTAN_GATE_PASSWORD', 'is missing: LOTAN_GATE=password asks visitors for it')
          if (gate !== 'password' && gatePassword !== null)
            refuse('LOTAN_GATE_PASSWORD', 'needs LOTAN_GATE=password: nothing asks for it otherwise')
        }
        if (hasHeader && !given.LOTAN_TRUSTED_PROXIES)
          refuse('LOTAN_USER_HEADER', 'needs LOTAN_TRUSTED_PROXIES: anybody else could write it')
        for (const name of client) {
          if (hasIssuer && good(name) && given[name] === null)
            refuse(name, 'is missing: LOTAN_OIDC_ISSUER needs the client that the provider knows')
          if (good('LOTAN_OIDC_ISSUER') && issuer === null && given[name] !== null)
            refuse(name, 'needs LOTAN_OIDC_ISSUER: give the provider too, or leave it out')
        }
        if (!good('LOTAN_OIDC_ADMINS', 'LOTAN_OIDC_ALLOW')) return
        const hasLists = given.LOTAN_OIDC_ADMINS !== null || given.LOTAN_OIDC_ALLOW !== null
        if ((hasHeader || hasIssuer) && !hasLists)
          refuse('LOTAN_OIDC_ADMINS', 'is missing: say who may log in, there or in LOTAN_OIDC_ALLOW')
        if (good('LOTAN_USER_HEADER', 'LOTAN_OIDC_ISSUER') && hasLists && header === null && issuer === null)
          refuse(
            given.LOTAN_OIDC_ADMINS === null ? 'LOTAN_OIDC_ALLOW' : 'LOTAN_OIDC_ADMINS',
            'needs LOTAN_OIDC_ISSUER or LOTAN_USER_HEADER, which say who a person is',
          )
      }),
    )
    .transform((given) => ({
      /** `password`: null but for the gate of that name. */
      gate: { kind: given.LOTAN_GATE, password: given.LOTAN_GATE_PASSWORD },
      /** In lower case; null: no proxy logs anybody in. */
      userHeader: given.LOTAN_USER_HEADER,
      provider:
        given.LOTAN_OIDC_ISSUER === null
          ? null
          : {
              issuer: given.LOTAN_OIDC_ISSUER,
              clientId: given.LOTAN_OIDC_CLIENT_ID ?? '',
              clientSecret: given.LOTAN_OIDC_CLIENT_SECRET ?? '',
            },
      /** `allow`: those who may open previews alone. */
      people: { admins: given.LOTAN_OIDC_ADMINS ?? [], allow: given.LOTAN_OIDC_ALLOW ?? [] },
      trustedJobs: given.LOTAN_OIDC_TRUST ?? [],
      metricsAllow: given.LOTAN_METRICS_ALLOW ?? [],
    })),
}
