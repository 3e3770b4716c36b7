/** What to try first: on the page at /api, in docs/api.md, and in a test that runs each of them in this order. */
export interface Example {
  name: string
  says: string
  /** For a shell in which $TOKEN is the token. */
  command: string
  status: number
  /** What the answer has among other members, or a line of it. */
  answer: unknown
  /** It goes on until the client leaves. */
  streams?: true
}

/** @param base where the installation is, without a final slash */
export function examplesAt(base: string): Example[] {
  const curl = (path: string, ...more: string[]) =>
    ['curl -sS', ...more, '-H "Authorization: Bearer $TOKEN"', `'${base}/api/v1${path}'`].join(' ')
  return [
    {
      name: 'Add a tag and start it',
      says: 'Answers at once. A tag that has a preview already is started.',
      command: curl('/previews', "-H 'Content-Type: application/json'", `-d '{"tag": "pr-3001"}'`),
      status: 202,
      answer: { tag: 'pr-3001', state: 'queued' },
    },
    {
      name: 'Wait until it runs',
      says: 'Starts it if need be, and answers once it runs, or says why it does not. For CI jobs; add --fail-with-body.',
      command: curl('/previews/pr-3001/wait?timeout=300'),
      status: 200,
      answer: { tag: 'pr-3001', state: 'running', detail: 'It answers.' },
    },
    {
      name: 'Look at one preview',
      says: 'State, address, image, digest, container, and how long its last start took.',
      command: curl('/previews/pr-3001'),
      status: 200,
      answer: { repository: '', tag: 'pr-3001', state: 'running', reason: null },
    },
    {
      name: 'List what runs',
      says: 'The one visited last is first; ten at most. With -i the header Link has the address of the next ones.',
      command: curl('/previews?state=running&sort=-lastSeen&limit=10'),
      status: 200,
      answer: [{ tag: 'pr-3001', state: 'running' }],
    },
    {
      name: 'List tags without a preview',
      says: 'Of those that the registry offers, here with “pr-” in their name.',
      command: curl('/tags?state=unknown&q=pr-&limit=10'),
      status: 200,
      answer: [{ tag: 'pr-3002', preview: false }],
    },
    {
      name: 'Read its log',
      says: 'The last lines that the application has written. follow=1 goes on until the container ends.',
      command: curl('/previews/pr-3001/logs?tail=100'),
      status: 200,
      answer: 'listening on port 80',
    },
    {
      name: 'Follow what changes',
      says: 'First how things are, then each change, as server-sent events. Ctrl-C ends it.',
      command: curl('/events', '-N'),
      status: 200,
      answer: 'event: preview',
      streams: true,
    },
    {
      name: 'Look for a newer image now',
      says: 'It takes over once it runs; until then the older one serves.',
      command: curl('/previews/pr-3001/refresh', '-X POST'),
      status: 202,
      answer: { tag: 'pr-3001', state: 'running' },
    },
    {
      name: 'Stop it',
      says: 'The next visit starts it again. /start and /restart are called in the same way.',
      command: curl('/previews/pr-3001/stop', '-X POST'),
      status: 202,
      answer: { tag: 'pr-3001', state: 'stopping' },
    },
    {
      name: 'Remove it',
      says: 'Its container and its image go.',
      command: curl('/previews/pr-3001', '-X DELETE'),
      status: 202,
      answer: { tag: 'pr-3001', state: 'removing' },
    },
    {
      name: 'Read a problem',
      says: 'Every error looks like this. Its type is a page that says what to do.',
      command: curl('/previews/pr-9999'),
      status: 404,
      answer: { type: `${base}/problems/no-preview`, title: 'No such preview', status: 404, tag: 'pr-9999' },
    },
  ]
}

/** As it is printed: an answer has more members than are told. */
export function answerText({ status, answer }: Example): string {
  const text = typeof answer === 'string' ? `${answer}\n…` : JSON.stringify(answer).replaceAll('}', ',…}')
  return `HTTP ${status}\n${text}`
}
