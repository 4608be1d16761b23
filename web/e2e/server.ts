// A real server with a data folder of its own, started, killed and started again as an operator would.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const BINARY = resolve(process.env.HONGYAN_BIN ?? join(import.meta.dirname, '../../target/debug/hongyan'))

/** This process's environment without what the server would take for its settings. */
const OTHERS = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('HONGYAN_')),
)

const SETTINGS = {
  // Hashing that is meant to be slow is not what is tested here.
  HONGYAN_PASSWORDS__MEMORY_KIB: '8',
  HONGYAN_PASSWORDS__ITERATIONS: '1',
  HONGYAN_PASSWORDS__PARALLEL: '1',
}

/** An account with a session, as a program has it: by token. */
export interface Account {
  id: string
  username: string
  nickname: string
  password: string
  token: string
}

interface Answer {
  code?: string
  message: string
  data?: unknown
}

export class Server {
  private child: ChildProcess | undefined
  url = ''

  private constructor(
    private readonly folder: string,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server(mkdtempSync(join(tmpdir(), 'hongyan-e2e-')), settings)
    await server.run('127.0.0.1:0')
    return server
  }

  /** As `kill -9` and a new start on the same port do. */
  async killAndRestart(): Promise<void> {
    await this.kill()
    await this.restart()
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.run(new URL(this.url).host)
  }

  /** As if nobody had ever been here, at the same address. */
  async renew(): Promise<void> {
    await this.kill()
    rmSync(join(this.folder, 'data'), { recursive: true, force: true })
    await this.restart()
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Calls an endpoint, or the HTTP door of an operation, as `account`. Fails on any refusal. */
  async call<T = unknown>(path: string, body: unknown, account?: Account): Promise<T> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(account ? { authorization: `Bearer ${account.token}` } : {}),
      },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as Answer
    if (!response.ok || answer.code !== undefined) {
      throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`)
    }
    return answer.data as T
  }

  async get<T>(path: string, account: Account): Promise<T> {
    const response = await fetch(this.url + path, {
      headers: { authorization: `Bearer ${account.token}` },
    })
    return ((await response.json()) as Answer).data as T
  }

  async register(username: string, nickname = username): Promise<Account> {
    const password = `secret of ${username}`
    const data = await this.call<{ id: string; token: string }>('/api/register', {
      username,
      nickname,
      password,
    })
    return { id: data.id, token: data.token, username, nickname, password }
  }

  /** Makes the first a friend of all the others. */
  async befriend(one: Account, ...others: Account[]): Promise<void> {
    for (const other of others) {
      await this.call('/api/friend/add', { userId: other.id, remark: '' }, one)
      // Asking back is an answer.
      await this.call('/api/friend/add', { userId: one.id, remark: '' }, other)
    }
  }

  /** A group of `owner` that the others are members of; gives its id. */
  async group(name: string, owner: Account, ...members: Account[]): Promise<string> {
    const form = { groupName: name, groupNickname: name, introduction: '' }
    const { groupId } = await this.call<{ groupId: string }>('/api/group/create', form, owner)
    await this.call('/api/group/update', { groupId, join: 'open' }, owner)
    for (const member of members) await this.call('/api/group/add', { groupId, remark: '' }, member)
    return groupId
  }

  async send(from: Account, to: { toUserId: string } | { toGroupId: string }, msg: string): Promise<void> {
    await this.call('/api/chat/send_msg', { ...to, msg }, from)
  }

  private run(listen: string): Promise<void> {
    const child = spawn(
      BINARY,
      ['serve', '--data-dir', join(this.folder, 'data'), '--listen', listen, '--limits-exempt', '127.0.0.0/8'],
      {
        cwd: this.folder,
        env: { ...OTHERS, ...SETTINGS, ...this.settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    this.child = child
    const said: string[] = []
    return new Promise((done, failed) => {
      child.once('error', failed)
      child.once('exit', (code) => failed(new Error(`the server ended (${code}):\n${said.join('\n')}`)))
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          said.push(line)
          const url = /open\s+(http:\S+)/.exec(line)?.[1]
          if (!url) return
          this.url = url
          done()
        })
      }
    })
  }

  private end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this
    this.child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((done) => {
      child.once('exit', () => done())
      child.kill(signal)
    })
  }
}
