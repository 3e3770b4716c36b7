/** What to do about a part that does not answer as it should. */
import type { RegistryCode } from '../preview/failure-reason.ts'

export function engineAdvice(dockerHost: string | null): string {
  return dockerHost
    ? `check DOCKER_HOST (${dockerHost}), and that an engine runs there`
    : 'start it: systemctl start docker. Without root: usermod -aG docker USER, then log in again'
}

export function redisAdvice(isOwn: boolean): string {
  return isOwn
    ? 'Lotan starts it again by itself: logs/redis.log says more'
    : 'check REDIS_URL, and that this Redis runs'
}

const ofRegistry: Partial<Record<RegistryCode, string>> = {
  credentials: 'log in again (docker login), and check REPOSITORY',
  'registry-down': 'check the registry, and the way from this machine to it',
  'rate-limited': 'log in (docker login), or set IMAGE_REFRESH_INTERVAL_MINUTES higher',
  'no-repository': 'check REPOSITORY, or push its first image',
  tls: "give the authority's certificate to Lotan (NODE_EXTRA_CA_CERTS) and to the engine",
  'helper-failed': 'run the credential helper by hand: it says what it lacks',
  'aws-credentials': 'give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
  'aws-region': 'set AWS_DEFAULT_REGION',
  'token-expired': 'log in again (docker login)',
}

/** @param code of a RegistryError; undefined for any other error */
export function registryAdvice(code: RegistryCode | undefined): string {
  return (code && ofRegistry[code]) ?? 'check REPOSITORY, and the registry'
}
