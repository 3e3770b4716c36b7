import { splitReference, type Login } from './docker-config.ts'
import { refusalOf, RegistryError } from './error.ts'
import { authorize, request, type RequestOptions } from './http.ts'

const MAX_RETRY_AFTER_MS = 60 * 60_000

type RequestKind = Pick<RequestOptions, 'accept' | 'method' | 'noneMatch'>

export function openSessions(
  repository: string,
  loginFor: (repository: string, refused?: Login) => Promise<Login | undefined>,
) {
  const { host } = splitReference(repository)
  /** The last accepted token, used until the registry refuses it. Other logins are read anew each time. */
  let bearer: string | undefined
  let challenge: string | undefined
  /** After `Retry-After`: no request until then, by performance.now(). */
  let rest: { until: number; error: RegistryError } | undefined

  function respectRetryAfter(error: RegistryError | undefined) {
    if (error?.retryAfter === undefined) return
    rest = { until: performance.now() + Math.min(error.retryAfter, MAX_RETRY_AFTER_MS), error }
  }

  return function openSession(signal: AbortSignal) {
    let login: Login | undefined
    let authorization = bearer

    async function logIn(refused?: Login): Promise<boolean> {
      const found = await withTimeout(loginFor(repository, refused), signal, `${host}: no login for it in time`)
      if (refused && !found) return false
      login = found
      const was = authorization
      authorization = await authorize(challenge ?? '', host, login, signal)
      bearer = authorization?.startsWith('Bearer ') ? authorization : undefined
      return authorization !== was
    }

    return async function get(url: URL, options: RequestKind = {}): Promise<Response> {
      const left = rest ? rest.until - performance.now() : 0
      if (rest && left > 0) throw rest.error.again(left)
      try {
        const response = await send(url, options)
        respectRetryAfter(refusalOf(response, repository))
        return response
      } catch (error) {
        // A token service may ask to be left alone, too.
        if (error instanceof RegistryError) respectRetryAfter(error)
        throw error
      }
    }

    async function send(url: URL, options: RequestKind): Promise<Response> {
      // Without a token to fetch, the first request can carry the login.
      if (authorization === undefined && challenge !== undefined && !/\bBearer\b/i.test(challenge)) await logIn()
      let response = await request(url, { ...options, authorization, signal })
      challenge = response.headers.get('www-authenticate') ?? challenge
      // First with the known login, then with a newer one: tokens can end early.
      for (const newer of [false, true]) {
        if (!isLoginRefused(response) || challenge === undefined || (newer && !login)) return response
        if (!(await logIn(newer ? login : undefined))) continue
        void response.body?.cancel()
        response = await request(url, { ...options, authorization, signal })
      }
      return response
    }
  }
}

/** ECR answers 403 to a token that has ended. */
function isLoginRefused({ status }: Response): boolean {
  return status === 401 || status === 403
}

/** A helper may take longer than the request may. */
function withTimeout<T>(promise: Promise<T>, signal: AbortSignal, message: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(new RegistryError('registry-down', message))
  signal.addEventListener('abort', giveUp, { once: true })
  return Promise.race([promise, late]).finally(() => signal.removeEventListener('abort', giveUp))
}
