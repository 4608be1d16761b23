// Messages that the server has not acknowledged: kept in the browser, sent in order, again after every interruption, once.
import { isPassing, NotLoggedIn, Refusal, type Sent, type Uploaded } from '../client'
import type { Unsent } from './cache'
import type { Context } from './context'
import { freshId } from './id'
import { addressOf, type ConversationKey } from './key'
import type { Message, Outgoing, Upload } from './message'

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/** Where messages on their way are shown: the timeline of their conversation, while it is in memory. */
export interface Bubbles {
  pend: (message: Message) => void
  progress: (id: string, upload: Upload | undefined) => void
  /** `as`: how it was sent, with what the upload of its file gave. */
  sent: (id: string, sent: Sent, as: Pick<Message, 'kind' | 'body'>) => void
  fail: (id: string, error: string) => void
  discard: (id: string) => void
}

export interface Outbox {
  add: (key: ConversationKey, outgoing: Outgoing) => void
  retry: (key: ConversationKey, id: string) => void
  discard: (key: ConversationKey, id: string) => void
  /** The server can be reached again. */
  wake: () => void
  /** Takes over what an earlier visit, or a tab that was closed, left unsent. */
  adopt: () => Promise<void>
  /** Shows what waits for `key` in its new timeline. */
  show: (key: ConversationKey) => void
  clear: () => void
}

interface Entry extends Unsent {
  key: ConversationKey
  /** Tries that failed while the connection stood. */
  tries: number
  /** It was discarded, or its author has logged out. */
  abort: AbortController
}

/** How long to wait before another try while the connection stands, in ms: the first time, and at most. */
const PAUSE = 1_000
const LONGEST_PAUSE = 8_000

export const createOutbox = (
  context: Context,
  timeline: (key: ConversationKey) => Bubbles | undefined,
  /** The message was acknowledged; the list of conversations shows it. */
  acknowledged: (key: ConversationKey, message: Message) => void,
): Outbox => {
  const { link, cache, me } = context
  const { http } = link.client
  const queues = new Map<ConversationKey, Entry[]>()
  const running = new Set<ConversationKey>()
  /** All that this tab has had since somebody came: what was sent or discarded is not adopted again. A logout begins another set. */
  let had = new Set<string>()

  const uploadOf = ({ message }: Entry, progress: number): Upload | undefined =>
    message.file && {
      progress,
      blob: message.file,
      name: message.fileName ?? '',
      size: message.file.size,
    }

  const kindOf = ({ message, uploaded }: Entry): string => {
    if (!message.file) return 'text'
    if (message.fileKind === 'voice') return 'voice'
    const picture = uploaded ? uploaded.thumb : PICTURES.has(message.file.type)
    return picture && message.fileKind !== 'file' ? 'image' : 'file'
  }

  const bodyOf = ({ message, uploaded }: Entry): Record<string, unknown> | undefined => {
    if (!uploaded) return message.seconds === undefined ? undefined : { seconds: message.seconds }
    const { fileId, name, size, width, height } = uploaded
    return { fileId, name, size, width, height, seconds: message.seconds }
  }

  const bubble = (entry: Entry): Message => ({
    id: entry.clientMsgId,
    seq: undefined,
    msgId: undefined,
    clientMsgId: entry.clientMsgId,
    fromUserId: me(),
    mine: true,
    time: entry.time,
    msg: entry.message.msg,
    kind: kindOf(entry),
    body: bodyOf(entry),
    replyTo: entry.message.replyTo,
    mentions: entry.message.mentions ?? [],
    mentionAll: entry.message.mentionAll ?? false,
    editedTime: undefined,
    recalledTime: undefined,
    reactions: [],
    state: entry.error === undefined ? 'sending' : 'failed',
    error: entry.error,
    upload: uploadOf(entry, 0),
  })

  const queue = (key: ConversationKey): Entry[] => {
    const list = queues.get(key) ?? []
    queues.set(key, list)
    return list
  }
  const remove = (entry: Entry): void => {
    const list = queue(entry.key)
    const at = list.indexOf(entry)
    if (at >= 0) list.splice(at, 1)
    cache.dropUnsent(entry.clientMsgId)
  }
  const record = (entry: Entry): Promise<void> =>
    cache.keepUnsent({
      clientMsgId: entry.clientMsgId,
      key: entry.key,
      tab: entry.tab,
      time: entry.time,
      message: entry.message,
      uploaded: entry.uploaded,
      error: entry.error,
    })

  const upload = async (entry: Entry): Promise<void> => {
    const { file, fileName, fileKind } = entry.message
    const { signal } = entry.abort
    if (!file || entry.uploaded) return
    // What cannot be read (a folder, a file that is gone or another one by now) fails here. In an upload it would look like a network
    // that is down, and be tried for ever.
    await file.slice(0, 1).arrayBuffer()
    signal.throwIfAborted()
    const form = new FormData()
    form.append('file', file, fileName ?? 'file')
    entry.uploaded = await http.upload<Uploaded>(
      // A picture that goes as a file is not made smaller, and keeps what it says of itself.
      fileKind === 'file' ? '/api/file?original=true' : '/api/file',
      form,
      (part) => timeline(entry.key)?.progress(entry.clientMsgId, uploadOf(entry, part)),
      signal,
    )
    signal.throwIfAborted()
    await record(entry)
  }

  const deliver = async (entry: Entry): Promise<Sent> => {
    await upload(entry)
    // It may have gone at every wait above; in the name of who logged in next it would still be sent.
    entry.abort.signal.throwIfAborted()
    const { msg, replyTo, mentions, mentionAll, seconds } = entry.message
    const kind = kindOf(entry)
    const fileId = entry.uploaded?.fileId
    return link.call('/ws/chat/send_msg', {
      ...addressOf(entry.key),
      msg,
      clientMsgId: entry.clientMsgId,
      whenOffline: 'keep',
      ...(fileId === undefined ? {} : { kind, body: kind === 'voice' ? { fileId, seconds } : { fileId } }),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(mentions?.length ? { mentions } : {}),
      ...(mentionAll ? { mentionAll } : {}),
    })
  }

  /** Tries one message. True: on to the next one; a number: wait so many ms; false: wait until the server is there again. */
  const attempt = async (entry: Entry): Promise<boolean | number> => {
    try {
      const sent = await deliver(entry)
      if (entry.abort.signal.aborted) return true
      remove(entry)
      const message = { ...bubble(entry), ...sent, state: 'sent' as const, upload: undefined }
      timeline(entry.key)?.sent(entry.clientMsgId, sent, message)
      acknowledged(entry.key, { ...message, seq: sent.seq })
      return true
    } catch (error) {
      if (entry.abort.signal.aborted) return true
      if (error instanceof Refusal && isPassing(error)) return error.retryAfter ?? PAUSE
      // While the socket stands only this one call was lost, as an upload may be.
      if (isPassing(error)) return link.state.state === 'open' && Math.min(PAUSE * 2 ** entry.tries++, LONGEST_PAUSE)
      if (error instanceof NotLoggedIn) return false
      // The server lets go of a file that no message carries for long: sent again, it is uploaded again.
      if (error instanceof Refusal && error.code === '0301') entry.uploaded = undefined
      entry.error = error instanceof Refusal ? error.code : 'file'
      void record(entry)
      timeline(entry.key)?.fail(entry.clientMsgId, entry.error)
      return true
    }
  }

  const run = async (key: ConversationKey): Promise<void> => {
    if (running.has(key)) return
    running.add(key)
    try {
      for (;;) {
        const entry = queue(key).find(({ error }) => error === undefined)
        if (!entry || link.state.state !== 'open') return
        const next = await attempt(entry)
        if (next === false) return
        if (typeof next === 'number') await new Promise((resolve) => setTimeout(resolve, next))
      }
    } finally {
      running.delete(key)
    }
  }

  return {
    add: (key, message) => {
      const entry: Entry = {
        key,
        tab: link.tab,
        clientMsgId: freshId(),
        time: Date.now(),
        message,
        tries: 0,
        error: undefined,
        abort: new AbortController(),
      }
      had.add(entry.clientMsgId)
      queue(key).push(entry)
      timeline(key)?.pend(bubble(entry))
      // First kept, then sent: what is told to the server survives this page.
      void record(entry).then(() => run(key))
    },
    retry: (key, id) => {
      const entry = queue(key).find(({ clientMsgId }) => clientMsgId === id)
      if (!entry) return
      // Behind what was written since; its old bubble goes, which is no discarding of what is not queued any more.
      remove(entry)
      timeline(key)?.discard(id)
      entry.error = undefined
      entry.tries = 0
      queue(key).push(entry)
      entry.time = Date.now()
      timeline(key)?.pend(bubble(entry))
      void record(entry).then(() => run(key))
    },
    discard: (key, id) => {
      const entry = queue(key).find(({ clientMsgId }) => clientMsgId === id)
      if (!entry) return
      remove(entry)
      entry.abort.abort()
    },
    wake: () => {
      for (const key of queues.keys()) void run(key)
    },
    adopt: () =>
      link.alone(async () => {
        const mine = had
        const alive = await link.tabs()
        for (const left of (await cache.unsent()).toSorted((a, b) => a.time - b.time)) {
          // Its author has logged out.
          if (mine !== had) return
          // This tab has its own already, unless its login ended in between.
          if (left.tab !== link.tab && alive.has(left.tab)) continue
          const entry: Entry = { ...left, key: left.key as ConversationKey, tab: link.tab, tries: 0, abort: new AbortController() }
          if (had.has(entry.clientMsgId)) continue
          had.add(entry.clientMsgId)
          queue(entry.key).push(entry)
          timeline(entry.key)?.pend(bubble(entry))
          await record(entry)
          void run(entry.key)
        }
      }),
    show: (key) => {
      for (const entry of queues.get(key) ?? []) timeline(key)?.pend(bubble(entry))
    },
    clear: () => {
      for (const entries of queues.values()) for (const { abort } of entries) abort.abort()
      queues.clear()
      had = new Set()
    },
  }
}
