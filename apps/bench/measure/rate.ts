/** Requests a second, and how long one takes. */
import http from 'node:http'
import autocannon from 'autocannon'
import { request } from '../../testing/clients/http.ts'
import { median } from './figures.ts'

export const CONNECTIONS = 64

/**
 * @param host several are asked for in turn, and each connection begins at another
 * @param options.seconds how long it measures
 * @param options.headers of each request, to one host
 * @param options.depth requests in flight on each connection. With more than one the client needs less of the machine,
 * and what is measured shows.
 * @throws when an answer is not the application's
 */
export async function rate(
  port: number,
  host: string | string[],
  options: { seconds?: number; depth?: number; connections?: number; path?: string; headers?: Headers } = {},
): Promise<number> {
  const { seconds = 2, depth = 1, connections = CONNECTIONS, path = '/', headers = {} } = options
  const first = [host].flat()[0]!
  // A route that nginx forgot since the last round would be looked up once for each connection.
  await request(port, { host: first, path, headers })
  const { requests, non2xx, errors } = await autocannon({
    url: `http://127.0.0.1:${port}${path}`,
    ...(Array.isArray(host) ? inTurn(host, connections) : { headers: { ...headers, Host: host } }),
    connections,
    pipelining: depth,
    duration: seconds,
  })
  if (non2xx || errors) throw new Error(`${first}: ${non2xx} bad answers, ${errors} errors`)
  return requests.average
}

type Headers = Record<string, string>

/** Refusals a second. @throws when an answer is none */
export async function refusals(port: number, host: string, status: number, seconds = 2): Promise<number> {
  const { requests, statusCodeStats, errors } = await autocannon({
    url: `http://127.0.0.1:${port}/`,
    headers: { Host: host },
    connections: CONNECTIONS,
    duration: seconds,
  })
  const others = Object.keys(statusCodeStats ?? {}).filter((code) => code !== String(status))
  if (others.length > 0 || errors) throw new Error(`${host}: answers ${others.join(', ')}, ${errors} errors`)
  return requests.average
}

function inTurn(hosts: string[], connections: number): Pick<autocannon.Options, 'setupClient'> {
  let opened = 0
  return {
    setupClient(client) {
      const first = Math.floor((hosts.length / connections) * (opened++ % connections))
      const turned = [...hosts.slice(first), ...hosts.slice(0, first)]
      client.setRequests(turned.map((Host) => ({ headers: { Host } })))
    },
  }
}

/**
 * The median time of an answer, in milliseconds.
 * @param connections each with one request after the other on it
 */
export async function latency(port: number, host: string, connections: number, seconds = 2): Promise<number> {
  const times: number[] = []
  const until = performance.now() + seconds * 1_000
  const visit = async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    while (performance.now() < until) {
      const began = performance.now()
      await request(port, { host, agent })
      times.push(performance.now() - began)
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: connections }, visit))
  return median(times)
}
