// How far what the reader had not read has been here. A server that deletes what has arrived is told of nothing else.
import type { MessageWindow } from './window'

export interface Arrival {
  /** The window is another one. */
  note: () => void
  /** Whether the server may be told that everything up to the log's cursor has arrived. */
  complete: () => boolean
  /** What was here is void. */
  restart: () => void
}

export const createArrival = (
  window: MessageWindow,
  host: { cursor: () => number; readSeq: () => number; untilDelivered: () => boolean },
): Arrival => {
  /** All up to here has been in the window, or was read. */
  let last = 0

  const note = (): void => {
    last = Math.max(last, host.readSeq())
    const first = window.edge('older') ?? 0
    if (!window.current || first > last + 1) return
    last = Math.max(last, window.atEnd ? host.cursor() : (window.edge('newer') ?? 0))
  }

  return {
    note,
    complete: () => {
      note()
      return !host.untilDelivered() || last >= host.cursor()
    },
    restart: () => {
      last = 0
    },
  }
}
