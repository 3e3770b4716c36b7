import path from 'node:path'
import { z } from 'zod'
import { rules, setting } from '../setting.ts'
import { domain, listen, networks, publicUrl, repositories, repository, type Place } from '../values/address.ts'
import { integer } from '../values/amount.ts'
import { file, oneOf, tagList } from '../values/text.ts'
import { NAMELESS } from '../../preview/preview-id.ts'

const DEMO = '127.0.0.1:5000/todowrangler'

const settings = {
  REPOSITORY: setting(repository, {
    description: 'The repository whose tags may run, at `TAG.TL_DOMAIN`.',
    without: "the demo's; none with `LOTAN_REPOSITORIES`",
  }),
  LOTAN_REPOSITORIES: setting(repositories, {
    description: 'Other repositories whose tags may run, by name: `api=ghcr.io/team/api web=reg.example.com/team/web`.',
  }),
  LOTAN_HOST_FORM: setting(oneOf('nested', 'flat'), {
    description:
      'Where previews of a named repository live: `nested`: `TAG.NAME.TL_DOMAIN`; `flat`: `TAG--in-NAME.TL_DOMAIN`.',
    standard: 'nested',
  }),
  LOTAN_PAIR_FALLBACK: setting(tagList, {
    description:
      'Tags that a preview goes with in another repository which does not have its own tag: the first that exists.',
    standard: 'main, latest',
  }),
  TL_DOMAIN: setting(domain, {
    description: 'Previews live at `TAG.TL_DOMAIN`, the admin page at `TL_DOMAIN`.',
    standard: 'todowrangler.lotan.localhost',
  }),
  LOTAN_LISTEN: setting(listen, {
    description: 'Where nginx listens. `[::]:80` is IPv6 and IPv4. In the image the default is `0.0.0.0:80`.',
    standard: '127.0.0.1:8080',
  }),
  LOTAN_PUBLIC_URL: setting(publicUrl, {
    description: 'Scheme and port of links, when another proxy or a published port stands in front.',
    without: 'from the two above',
  }),
  LOTAN_TLS_CERT: setting(file, {
    description: 'A wildcard certificate with its chain (PEM): HTTPS with HTTP/2. HTTP then only leads there.',
  }),
  LOTAN_TLS_KEY: setting(file, { description: 'The key of that certificate (PEM).' }),
  LOTAN_TLS_LISTEN: setting(listen, {
    description: 'Where nginx listens for HTTPS, with a certificate.',
    without: 'the host of `LOTAN_LISTEN`, port 443 beside 80, else 8443',
  }),
  LOTAN_HSTS_SECONDS: setting(integer(0, 100_000_000), {
    description: 'With HTTPS, here or in a proxy: how long browsers are to use HTTPS alone. 0 takes it back.',
    without: 'off',
  }),
  LOTAN_TRUSTED_PROXIES: setting(networks, {
    description:
      'Addresses and networks of proxies in front whose `X-Forwarded-*` is believed. Needs `LOTAN_PUBLIC_URL`.',
  }),
}

export const addresses = {
  title: 'Addresses',
  settings,
  schema: z
    .object(settings)
    .check(
      rules((given, { good, refuse }) => {
        const { LOTAN_TLS_CERT: certificate, LOTAN_TLS_KEY: key, LOTAN_PUBLIC_URL: url } = given
        const isUnset = (name: 'LOTAN_TLS_CERT' | 'LOTAN_TLS_KEY') => good(name) && given[name] === null
        const hasTls = good('LOTAN_TLS_CERT', 'LOTAN_TLS_KEY') && certificate !== null && key !== null
        const hasNoTls = isUnset('LOTAN_TLS_CERT') && isUnset('LOTAN_TLS_KEY')

        if (isUnset('LOTAN_TLS_CERT') !== isUnset('LOTAN_TLS_KEY'))
          refuse(
            isUnset('LOTAN_TLS_KEY') ? 'LOTAN_TLS_KEY' : 'LOTAN_TLS_CERT',
            'is missing: a certificate and its key go together',
          )
        if (hasNoTls && good('LOTAN_TLS_LISTEN') && given.LOTAN_TLS_LISTEN)
          refuse('LOTAN_TLS_LISTEN', 'needs LOTAN_TLS_CERT and LOTAN_TLS_KEY: give these too, or leave it out')
        if (hasTls && good('LOTAN_LISTEN', 'LOTAN_TLS_LISTEN')) {
          const { port } = given.LOTAN_LISTEN
          if (tlsListenOf(given).port === port)
            refuse('LOTAN_TLS_LISTEN', `has the port of LOTAN_LISTEN, ${port}: give them two`)
        }

        if (!good('LOTAN_PUBLIC_URL')) return
        if (hasTls && url?.protocol === 'http:')
          refuse('LOTAN_PUBLIC_URL', 'begins with http: with LOTAN_TLS_CERT write https, or leave it out')
        if (good('LOTAN_TRUSTED_PROXIES') && given.LOTAN_TRUSTED_PROXIES && !url)
          refuse(
            'LOTAN_PUBLIC_URL',
            'is missing: behind a proxy of LOTAN_TRUSTED_PROXIES write the address that visitors see',
          )
        if (good('TL_DOMAIN') && url && url.host !== given.TL_DOMAIN)
          refuse(
            'LOTAN_PUBLIC_URL',
            `is for ${url.host}, but TL_DOMAIN is ${given.TL_DOMAIN}: give both the same domain`,
          )
        if (hasNoTls && url?.protocol !== 'https:' && good('LOTAN_HSTS_SECONDS') && given.LOTAN_HSTS_SECONDS !== null)
          refuse(
            'LOTAN_HSTS_SECONDS',
            'needs HTTPS: give LOTAN_TLS_CERT and LOTAN_TLS_KEY, or an https LOTAN_PUBLIC_URL where a proxy has them',
          )
      }),
    )
    .transform((given) => {
      const listen = given.LOTAN_LISTEN
      const tls = tlsOf(given)
      return {
        hostForm: given.LOTAN_HOST_FORM,
        pairFallback: given.LOTAN_PAIR_FALLBACK,
        /** Without any repository. The launcher gives its children the demo's: so true in the launcher alone. */
        demo: given.REPOSITORY === null && given.LOTAN_REPOSITORIES === null,
        domain: given.TL_DOMAIN,
        /** As visitors see them; a port of null is the scheme's own. */
        publicUrl: publicUrlOf(given, tls),
        listen,
        /** Null without a certificate; with one, `listen` only redirects there. */
        tls,
        /** Seconds (RFC 6797); null sends no header. */
        hsts: given.LOTAN_HSTS_SECONDS,
        trustedProxies: given.LOTAN_TRUSTED_PROXIES ?? [],
      }
    }),
}

/** Which repositories there are, and where their hosts: readable although other settings are bad. */
export const listing = z
  .object(settings)
  .pick({ REPOSITORY: true, LOTAN_REPOSITORIES: true, LOTAN_HOST_FORM: true })
  .transform((given) => ({ listed: listedIn(given), hostForm: given.LOTAN_HOST_FORM }))

/** What the check of a certificate's files needs, likewise. */
export const certificate = z
  .object(settings)
  .pick({
    LOTAN_REPOSITORIES: true,
    LOTAN_HOST_FORM: true,
    TL_DOMAIN: true,
    LOTAN_LISTEN: true,
    LOTAN_TLS_CERT: true,
    LOTAN_TLS_KEY: true,
    LOTAN_TLS_LISTEN: true,
  })
  // Whether there is one counts, not which.
  .extend({ REPOSITORY: settings.REPOSITORY.catch('') })
  .transform((given) => ({
    domain: given.TL_DOMAIN,
    tls: tlsOf(given),
    hostForm: given.LOTAN_HOST_FORM,
    repositories: listedIn(given),
  }))

/** The nameless one first. */
function listedIn(given: Pick<Given, 'REPOSITORY' | 'LOTAN_REPOSITORIES'>): { name: string; reference: string }[] {
  const { REPOSITORY: nameless, LOTAN_REPOSITORIES: named } = given
  const reference = nameless ?? (named === null ? DEMO : null)
  return [...(reference === null ? [] : [{ name: NAMELESS, reference }]), ...(named ?? [])]
}

type Given = { [Name in keyof typeof settings]: z.output<(typeof settings)[Name]> }
type TlsGiven = Pick<Given, 'LOTAN_LISTEN' | 'LOTAN_TLS_CERT' | 'LOTAN_TLS_KEY' | 'LOTAN_TLS_LISTEN'>

function tlsOf(given: TlsGiven): { certificate: string; key: string; listen: Place } | null {
  const { LOTAN_TLS_CERT: certificate, LOTAN_TLS_KEY: key } = given
  if (certificate === null || key === null) return null
  return { certificate: path.resolve(certificate), key: path.resolve(key), listen: tlsListenOf(given) }
}

function tlsListenOf({ LOTAN_TLS_LISTEN, LOTAN_LISTEN: { host, port } }: TlsGiven): Place {
  return LOTAN_TLS_LISTEN ?? { host, port: port === 80 ? 443 : 8443 }
}

function publicUrlOf(
  { LOTAN_PUBLIC_URL, LOTAN_LISTEN }: Given,
  tls: { listen: Place } | null,
): { protocol: 'http:' | 'https:'; port: number | null } {
  if (LOTAN_PUBLIC_URL) return { protocol: LOTAN_PUBLIC_URL.protocol, port: LOTAN_PUBLIC_URL.port }
  const { port } = tls?.listen ?? LOTAN_LISTEN
  return tls
    ? { protocol: 'https:', port: port === 443 ? null : port }
    : { protocol: 'http:', port: port === 80 ? null : port }
}
