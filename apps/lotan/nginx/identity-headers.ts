/**
 * Headers by which a proxy tells an application who the client is and how it came. Frameworks and their extensions
 * believe them, by default or once told that a proxy stands in front: so only trusted proxies (LOTAN_TRUSTED_PROXIES)
 * may send them. Left out are those that nginx writes itself (X-Real-IP, X-Forwarded-For, -Host, -Proto and -Port), and
 * names with underscores or dots, which some take for these: nginx drops them.
 */
const claims = {
  /** RFC 7239, and its predecessors. */
  forwarded:
    'Forwarded X-Forwarded X-Forwarded-By X-Forwarded-Server X-Forwarded-Prefix X-Forwarded-Path X-Forwarded-Uri X-Forwarded-Method X-Original-Forwarded-For X-Vercel-Forwarded-For',
  /** Rails takes Client-IP; PHP and Java examples take the rest. */
  address:
    'Client-IP X-Client-IP X-Cluster-Client-IP X-Remote-IP X-Remote-Addr X-Originating-IP X-ProxyUser-IP Proxy-Client-IP WL-Proxy-Client-IP True-Client-IP CF-Connecting-IP CF-Connecting-IPv6 CF-Pseudo-IPv4 Fastly-Client-IP Fly-Client-IP X-Azure-ClientIP X-Azure-SocketIP X-Appengine-User-IP X-Appengine-Remote-Addr X-Envoy-External-Address X-Nf-Client-Connection-IP X-Real-Port',
  scheme:
    'X-Forwarded-Ssl X-Forwarded-Scheme X-Forwarded-Protocol X-Scheme X-Url-Scheme X-Original-Proto X-Arr-Ssl WL-Proxy-SSL Front-End-Https CloudFront-Forwarded-Proto',
  /** Symfony and IIS once took the path from these: a way around rules by path. */
  asked:
    'X-Original-URL X-Original-URI X-Original-Host X-Original-Method X-Rewrite-URL X-Envoy-Original-Path X-Host X-HTTP-Host-Override X-Script-Name',
  certificate:
    'X-Forwarded-Client-Cert X-Forwarded-Tls-Client-Cert X-Forwarded-Tls-Client-Cert-Info X-Client-Cert X-Client-Verify X-SSL-Client-Cert X-SSL-Client-Verify X-SSL-Client-S-DN X-ARR-ClientCert SSL-Client-Cert SSL-Client-Verify Client-Cert Client-Cert-Chain',
  login:
    'Remote-User Remote-Groups Remote-Name Remote-Email X-Remote-User X-Remote-Group X-WebAuth-User X-Forwarded-User X-Forwarded-Email X-Forwarded-Groups X-Forwarded-Preferred-Username X-Forwarded-Access-Token X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Groups X-Auth-Request-Preferred-Username X-Auth-Request-Access-Token X-Amzn-Oidc-Identity X-Amzn-Oidc-Data X-Amzn-Oidc-Accesstoken X-Ms-Client-Principal X-Ms-Client-Principal-Id X-Ms-Client-Principal-Name X-Goog-Authenticated-User-Email X-Goog-Authenticated-User-Id Cf-Access-Authenticated-User-Email Tailscale-User-Login Tailscale-User-Name',
}

export const identityHeaders: string[] = Object.values(claims).flatMap((names) => names.split(' '))
