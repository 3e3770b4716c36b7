/**
 * Every problem that Lotan sends, by the last part of its `type`: the page there is made of this, and so is the list in
 * docs/api.md. Anyone may read the pages, visitors of previews too: no setting is named here. An address that was sent
 * once stays: scripts compare it.
 */
interface Kind {
  status: number
  title: string
  means: string
  /** What the reader can do. */
  remedy: string
}

export const problems = {
  unreadable: {
    status: 400,
    title: 'Not understood',
    means: 'The request line, a header or the body is not well formed.',
    remedy: 'Look at the address and at what is sent: percent signs in a path are written %25, JSON has to be whole.',
  },
  'bad-parameter': {
    status: 400,
    title: 'A wrong parameter',
    means: 'The call does not take this query parameter, takes it once only, or does not take this value.',
    remedy: 'The detail names the parameter and what it can be. The description of the API has them all.',
  },
  'bad-body': {
    status: 400,
    title: 'A wrong body',
    means: 'The body can be read, but is not what the call takes.',
    remedy: 'The detail says what to send.',
  },
  'login-needed': {
    status: 401,
    title: 'No login',
    means: 'The request has neither a token that is accepted nor the cookie of a login.',
    remedy: 'Send the header “Authorization: Bearer TOKEN”. A wrong token is not made up for by a cookie.',
  },
  'bad-signature': {
    status: 401,
    title: 'Not signed as it should be',
    means: 'A hook came with a signature, a token or a password that is wrong, or without the one that it needs.',
    remedy: 'Give its sender the hooks’ secret of this server. Nothing was done.',
  },
  'pass-needed': {
    status: 401,
    title: 'Not let in',
    means: 'This preview is behind a gate, and the request carries nothing that lets it through. Nothing was started.',
    remedy:
      'Open the preview’s address in a browser: it leads to the login. A program sends a token of Lotan as the header “Lotan-Bypass: TOKEN”.',
  },
  'not-allowed': {
    status: 403,
    title: 'Not allowed',
    means: 'The login or token is accepted, but may not do this.',
    remedy: 'The detail says what it would have to be allowed. Ask the operator for such a token.',
  },
  'other-site': {
    status: 403,
    title: 'Nothing was changed: another site asked for it',
    means: 'A page of another site, perhaps of a preview, asked for a change in the name of a person who is logged in.',
    remedy: 'Use the buttons of Lotan’s own pages. A program sends a token instead of the cookie.',
  },
  'not-offered': {
    status: 403,
    title: 'This tag is not offered',
    means: 'Not every tag has a preview here, and this one has none.',
    remedy: 'If you need it, ask the operator of Lotan.',
  },
  approval: {
    status: 403,
    title: 'It waits for approval',
    means:
      'The preview shows a change from a fork, or one that is not known yet, and somebody looks at it before it may run.',
    remedy: 'Ask the operator of Lotan to approve it. Its page in a browser opens it by itself then.',
  },
  'no-forks': {
    status: 403,
    title: 'Previews of forks do not run here',
    means: 'The preview shows a change from a fork, or one that is not known yet. Nothing was pulled or started.',
    remedy: 'A branch of the repository itself has a preview.',
  },
  'not-a-pair': {
    status: 403,
    title: 'Not one that it goes with',
    means: 'A preview called a host of this server that is no preview of its own tag in another repository.',
    remedy: 'Call the addresses that its container is given, one for each other repository.',
  },
  'no-preview': {
    status: 404,
    title: 'No such preview',
    means: 'There is no preview of this tag: it was removed, or never asked for.',
    remedy: 'Start it, or open its address.',
  },
  'not-a-tag': {
    status: 404,
    title: 'Not a tag',
    means: 'This cannot be the tag of an image.',
    remedy: 'A tag has up to 128 letters, digits, dots, dashes and underscores, and begins with no dot and no dash.',
  },
  'no-such-repository': {
    status: 404,
    title: 'No such repository',
    means:
      'No repository of this name is listed here, or the path names none and the one without a name is not listed.',
    remedy: 'The detail has the names that there are. Ask the operator if one is missing.',
  },
  'no-change': {
    status: 404,
    title: 'Of no pull request',
    means: 'The tag is of no pull request, so there is nothing to approve.',
    remedy: 'Compare the tag with those that pull requests are given here.',
  },
  'no-session': {
    status: 404,
    title: 'No such session',
    means: 'There is no session of this id: it has ended.',
    remedy: 'The list of sessions has those that there are.',
  },
  'no-token': {
    status: 404,
    title: 'No such token',
    means: 'There is no token of this name.',
    remedy: 'The list of tokens has those that there are.',
  },
  'no-share': {
    status: 404,
    title: 'No such share link',
    means: 'There is no share link of this id: it was ended, or is over.',
    remedy: 'The list of share links has those that there are.',
  },
  'no-snapshot': {
    status: 404,
    title: 'No such snapshot',
    means: 'There is no snapshot of this name: it was deleted, or never made.',
    remedy: 'The list of snapshots has those that there are.',
  },
  'no-reset': {
    status: 404,
    title: 'Not reset',
    means: 'The data of this preview was never reset.',
    remedy: 'Ask for a reset first.',
  },
  'no-container': {
    status: 404,
    title: 'No container',
    means: 'There is such a preview, but it has no container now: it has not been started, or was cleaned up.',
    remedy: 'Start it and ask again.',
  },
  'no-such-service': {
    status: 404,
    title: 'No such service',
    means: 'The stack of this preview has no service of this name, or was not started yet.',
    remedy: 'The preview itself tells its services; the detail names them.',
  },
  'nothing-here': {
    status: 404,
    title: 'Nothing here',
    means: 'Lotan has nothing at this address.',
    remedy: 'Compare the address with the description of the API.',
  },
  'no-tag': {
    status: 404,
    title: 'No container tag',
    means: 'The host in the address can stand for no tag, so there is nothing to start.',
    remedy: 'A preview’s address is its tag, a dot, and the domain of this server.',
  },
  'no-such-tag': {
    status: 404,
    title: 'No such container tag',
    means: 'The registry has no image with this tag.',
    remedy: 'Just pushed? The build may still be running. Lotan asks the registry again after the time in Retry-After.',
  },
  'no-second-host': {
    status: 404,
    title: 'No such second host',
    means: 'The stack of this preview has no service of that name with an address of its own. Nothing was started.',
    remedy: 'Compare the name with those in the stack of its image. Only services that ask for a host have one.',
  },
  reserved: {
    status: 404,
    title: 'A path of Lotan’s own',
    means:
      'On a preview’s host the paths below /.lotan/ never reach the application, and Lotan has nothing at this one.',
    remedy: 'Use another path in the application.',
  },
  'wrong-method': {
    status: 405,
    title: 'Not this way',
    means: 'There is something at this address, but it does not take this method.',
    remedy: 'The header Allow has the methods that it takes.',
  },
  'too-slow': {
    status: 408,
    title: 'Too slow',
    means: 'The request took too long to arrive.',
    remedy: 'Send it again.',
  },
  'ended-meanwhile': {
    status: 409,
    title: 'It was ended meanwhile',
    means: 'A person, a program or Lotan itself stopped or removed the preview while the request waited for it.',
    remedy: 'The detail says why. Ask again to start it again.',
  },
  'being-removed': {
    status: 409,
    title: 'It is being removed',
    means: 'The preview goes, with its container and its image.',
    remedy: 'Wait until it is gone, and add it again.',
  },
  'change-closed': {
    status: 409,
    title: 'Its pull request is closed',
    means: 'The preview shows a pull request that is merged or closed, so it is not started again.',
    remedy: 'Pin the preview to keep it, or open the pull request again.',
  },
  'approval-needed': {
    status: 409,
    title: 'It has to be approved first',
    means: 'The preview shows a change from a fork, or one that is not known yet, and nobody has approved it.',
    remedy: 'Somebody who may use all of Lotan approves it, on its page or by “lotan approve TAG”.',
  },
  'nothing-to-copy': {
    status: 409,
    title: 'Nothing to copy',
    means: 'The image of the preview is not here, so no copy can be made of it.',
    remedy: 'Start it, and ask again.',
  },
  'name-taken': {
    status: 409,
    title: 'The name is taken',
    means: 'There is one of that name already.',
    remedy: 'Take another name, or remove the one that has it.',
  },
  'no-volumes': {
    status: 409,
    title: 'No volumes',
    means: 'The preview has no data of its own: its stack names no volumes, or it has not been started yet.',
    remedy: 'Start it once. A stack names volumes under “volumes”.',
  },
  'in-use': {
    status: 409,
    title: 'In use',
    means: 'A container, or a copy that is being made, needs it now; or another copy has the name.',
    remedy: 'The detail says what uses it. Ask again when that is over, or choose another name.',
  },
  'no-such-file': {
    status: 404,
    title: 'No such file',
    means: 'The container has nothing at this path.',
    remedy: 'Compare the path with what is there. It begins at the root of the container.',
  },
  'file-refused': {
    status: 409,
    title: 'The container refuses it',
    means: 'What reads and writes there is the application’s own user, and that may not, or its disk is full.',
    remedy: 'The detail says which file it is about. Choose a path that the application itself can use.',
  },
  'no-room': {
    status: 507,
    title: 'No room for it',
    means: 'The upload is larger than what the disk has room for, here and unpacked. Nothing was written.',
    remedy: 'Send less, or ask the operator to make room.',
  },
  'too-many-sessions': {
    status: 429,
    title: 'Too many sessions',
    means: 'As many people and programs as may be look inside previews now.',
    remedy: 'Close a session that is not needed, and try again.',
  },
  'no-ticket': {
    status: 401,
    title: 'No ticket',
    means:
      'To look inside a preview, or to read its files, takes a ticket. This one was used, is over, or is of another preview.',
    remedy: 'Get a new one: POST /previews/TAG/tickets. It can be used once, for half a minute.',
  },
  'shell-off': {
    status: 404,
    title: 'No way in',
    means: 'This Lotan lets nobody look inside previews.',
    remedy: 'Ask the person who runs it to switch that on.',
  },
  'session-over': {
    status: 404,
    title: 'The session is over',
    means:
      'A page came back to its session, and it has ended: it is kept for half a minute after its connection broke.',
    remedy: 'Begin a new one.',
  },
  'upgrade-needed': {
    status: 426,
    title: 'A WebSocket is needed',
    means: 'This address is for WebSockets of the subprotocol lotan.session.v1 alone.',
    remedy: 'Use `lotan shell`, `exec`, `run` or `forward`, or a client that speaks it over HTTP/1.1.',
  },
  'session-failed': {
    status: 502,
    title: 'The session could not begin',
    means: 'The preview runs, but the engine did not start the command, or the connection.',
    remedy: 'Look at the detail, and try again.',
  },
  'no-web': {
    status: 404,
    title: 'Nothing on HTTP',
    means: 'The image says that it answers no requests (lotan.kind=ssh): people come in, and work in it.',
    remedy: 'The detail says how to come in.',
  },
  'not-reachable': {
    status: 403,
    title: 'Not reachable from here',
    means: 'From inside a preview its application and the services of its own stack can be reached, and nothing else.',
    remedy: 'Name one of those that the detail names.',
  },
  'no-connection': {
    status: 502,
    title: 'No connection',
    means: 'The application, or the service, does not take connections on this port.',
    remedy: 'Look whether it listens there. The detail says what came of it.',
  },
  'too-many-shares': {
    status: 409,
    title: 'Too many share links',
    means: 'As many share links as this server keeps have been made, and are not over.',
    remedy: 'End those that are not needed any more.',
  },
  closed: {
    status: 410,
    title: 'Its pull request is closed',
    means: 'The preview showed a pull request that is merged or closed by now. It is not started any more.',
    remedy:
      'What was merged is in the preview of the main branch. A pull request that is opened again has its preview again.',
  },
  'no-length': {
    status: 411,
    title: 'No length',
    means: 'The request has a body and does not say how long it is.',
    remedy: 'Send Content-Length, or Transfer-Encoding: chunked.',
  },
  'too-large': {
    status: 413,
    title: 'Too large',
    means: 'The body is larger than anything that Lotan itself takes. Uploads to previews have no such limit.',
    remedy: 'Send less.',
  },
  'too-long': {
    status: 414,
    title: 'Too long',
    means: 'The address is longer than anything that Lotan takes.',
    remedy: 'Send what is long in the body.',
  },
  'wrong-type': {
    status: 415,
    title: 'Not this kind of body',
    means: 'The body is of a kind, in a charset or in an encoding that the call does not take.',
    remedy: 'Send JSON in UTF-8, with the header “Content-Type: application/json”.',
  },
  'wrong-host': {
    status: 421,
    title: 'Another host',
    means: 'The request is for a host that this address does not serve.',
    remedy: 'Use the address that this problem’s type begins with. A proxy in front has to pass the Host header on.',
  },
  'headers-too-large': {
    status: 431,
    title: 'Too many cookies',
    means: 'The headers are larger than anything that Lotan passes on; nearly always these are cookies.',
    remedy: 'Remove the cookies of this domain. The page that browsers get here does so by itself.',
  },
  'internal-error': {
    status: 500,
    title: 'Lotan could not answer',
    means: 'Something is wrong with Lotan itself.',
    remedy: 'Tell the operator. Where the detail has a number, the log has it too.',
  },
  'unknown-encoding': {
    status: 501,
    title: 'Not understood',
    means: 'The body is encoded in a way that is not known here.',
    remedy: 'Send it plain, or chunked.',
  },
  'preview-failed': {
    status: 502,
    title: 'The preview did not start',
    means: 'The start of the preview failed.',
    remedy: 'The member reason has a code, and the detail says what it means. A visit tries again after a minute.',
  },
  dropped: {
    status: 502,
    title: 'The application did not answer',
    means: 'The preview runs, and its application closed the connection without an answer.',
    remedy: 'Send the request again. If it stays so, the application’s log says more.',
  },
  'answer-headers-too-large': {
    status: 502,
    title: 'Too much in the application’s headers',
    means: 'The headers of the application’s answer are larger than 32 kB, the most that Lotan passes on.',
    remedy: 'Look at what the application sends as Set-Cookie, Link or Content-Security-Policy.',
  },
  'interim-answer': {
    status: 502,
    title: 'An interim answer',
    means: 'The application sent an answer such as 103 Early Hints before its own, for the first time since its start.',
    remedy: 'The request may have been carried out: check, then send it again. From now on Lotan expects it.',
  },
  starting: {
    status: 503,
    title: 'It does not run yet',
    means: 'The preview is on its way up, and the request has waited for it as long as it may.',
    remedy: 'Send it again after the time in Retry-After.',
  },
  asleep: {
    status: 503,
    title: 'It is asleep',
    means:
      'The preview does not run, and this request does not wake it: a robot’s, one that only reconnects, or an unvisited preview’s.',
    remedy: 'Open a page of it, or send any other request.',
  },
  'service-down': {
    status: 503,
    title: 'The service is not up',
    means: 'The preview runs, and this service of its stack does not answer now: it is being started again.',
    remedy: 'Send it again after the time in Retry-After.',
  },
  crowded: {
    status: 503,
    title: 'Too many wait',
    means: 'As many requests as this server can hold are waiting for previews already.',
    remedy: 'Send it again after the time in Retry-After.',
  },
  'not-known-yet': {
    status: 503,
    title: 'Not known yet',
    means: 'So many unknown tags are asked for that not each of them can be looked up at once.',
    remedy: 'Send it again after the time in Retry-After: the registry’s list is read again now.',
  },
  lost: {
    status: 503,
    title: 'Its container was lost',
    means: 'The container ended before it could answer, and the request’s body has gone there with it.',
    remedy: 'Send the request again: the preview starts again by itself.',
  },
  trouble: {
    status: 503,
    title: 'Lotan is in trouble',
    means: 'A part of Lotan could not say where this request goes.',
    remedy: 'Send it again after the time in Retry-After. If it stays so, tell the operator.',
  },
  rebuilding: {
    status: 503,
    title: 'Just a moment',
    means: 'Lotan’s database was damaged, and is being rebuilt from what runs.',
    remedy: 'Send it again after the time in Retry-After.',
  },
  restarting: {
    status: 503,
    title: 'Lotan is restarting',
    means: 'Lotan does not answer just now. Previews that run keep running.',
    remedy: 'Send it again after the time in Retry-After.',
  },
  'too-many-at-once': {
    status: 503,
    title: 'Too many at once',
    means: 'More is asked of this host than can be answered at once.',
    remedy: 'Send it again in a few seconds.',
  },
  'too-many-streams': {
    status: 503,
    title: 'Too many listen',
    means: 'As many event streams are open as this server can serve.',
    remedy: 'Load the page instead: it has the same, as of now.',
  },
  'no-keys': {
    status: 503,
    title: 'The token cannot be checked',
    means: 'The server with the keys of this token’s issuer does not answer Lotan.',
    remedy: 'Send it again after the time in Retry-After.',
  },
  'no-reaper': {
    status: 503,
    title: 'A part of Lotan does not answer',
    means: 'The process that reads logs and figures does not answer.',
    remedy: 'Send it again in a few seconds. If it stays so, tell the operator.',
  },
  'time-is-up': {
    status: 504,
    title: 'Time is up',
    means: 'The preview did not come up within the timeout of the call.',
    remedy: 'The detail says how far it is. Ask again: what has been done stays.',
  },
  'http-version': {
    status: 505,
    title: 'Not understood',
    means: 'The request is in a version of HTTP that is not spoken here.',
    remedy: 'Use HTTP/1.1 or HTTP/2.',
  },
} satisfies Record<string, Kind>

export type ProblemName = keyof typeof problems

export const problemNames = Object.keys(problems) as ProblemName[]

export function isProblemName(name: string): name is ProblemName {
  return Object.hasOwn(problems, name)
}

export function kindOf(name: ProblemName): Kind {
  return problems[name]
}
