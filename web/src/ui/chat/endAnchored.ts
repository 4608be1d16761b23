// A virtual list that stays at its end, and where the reader is when something changes above. Rows stand in the normal flow.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/vue-virtual'
import { computed, onBeforeUnmount, onMounted, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'

export interface EndAnchored {
  virtualizer: Virtualizer<HTMLElement, HTMLElement>
  /** Changes with every change of the list or of the place. */
  version: ShallowRef<number>
  indexes: ComputedRef<number[]>
  /** Where the first drawn row begins. */
  start: ComputedRef<number>
  size: ComputedRef<number>
  /** On its way to a row by its index, or to a place: it goes there for some pictures more, also if that index is another row by then. */
  underWay: () => boolean
  /** Forgets what it knew of sizes, except of the rows that are drawn. */
  remeasure: () => void
}

const keyOf = (row: HTMLElement): string => row.dataset['id'] ?? ''

/** Sizes that are remembered of messages that left the window. */
const SIZES = 4_000

export const useEndAnchored = (
  scroller: Readonly<Ref<HTMLElement | null>>,
  rows: Readonly<Ref<HTMLElement | null>>,
  options: {
    keys: () => readonly { id: string }[]
    /** Whether nothing is below the list: then who is at its end follows what comes. */
    atEnd: () => boolean
    estimate: (index: number) => number
    paddingStart: number
    paddingEnd: number
    overscan: number
    /** How near to its end counts as there, in px. */
    threshold: number
  },
): EndAnchored => {
  const version = shallowRef(0)
  /** When the list was last another: a page that is loaded below is read from its beginning, also if it is the last one. */
  let wasAtEnd = options.atEnd()
  const setOptions = () => {
    const list = options.keys()
    return {
      count: list.length,
      getScrollElement: () => scroller.value,
      getItemKey: (index: number) => list[index]?.id ?? index,
      estimateSize: options.estimate,
      paddingStart: options.paddingStart,
      paddingEnd: options.paddingEnd,
      overscan: options.overscan,
      anchorTo: 'end' as const,
      followOnAppend: wasAtEnd,
      scrollEndThreshold: options.threshold,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => {
        version.value++
      },
      // To the fraction of a pixel: rows stand in the flow, so a rounded sum would make them tremble.
      measureElement: (element: HTMLElement, entry: ResizeObserverEntry | undefined) =>
        entry?.borderBoxSize[0]?.blockSize ?? element.getBoundingClientRect().height,
    }
  }
  const virtualizer = new Virtualizer<HTMLElement, HTMLElement>(setOptions())
  // What changes above what the reader has before them must not move it, whichever way they scroll. A row that is drawn for the
  // first time on the way up stands above what was there, even where it is in sight by then.
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = (item, _delta, { scrollOffset, scrollDirection, itemSizeCache }) =>
    item.start < (scrollOffset ?? 0) || (scrollDirection === 'backward' && !itemSizeCache.has(item.key))

  // Found by name: an index in each row would have to be drawn anew with every page that comes above.
  let known: { list: readonly { id: string }[]; places: Map<string, number> } = { list: [], places: new Map() }
  virtualizer.indexFromElement = (row) => {
    const list = options.keys()
    if (known.list !== list) known = { list, places: new Map(list.map(({ id }, index) => [id, index])) }
    return known.places.get(keyOf(row)) ?? -1
  }

  /** After the rows are drawn: the list may correct the place, and learns the sizes. */
  const drawn = (): void => {
    virtualizer._willUpdate()
    for (const row of rows.value?.children ?? []) {
      if (row instanceof HTMLElement && virtualizer.elementsCache.get(keyOf(row)) !== row) virtualizer.measureElement(row)
    }
    virtualizer.measureElement(null)
  }
  watch(options.keys, (list) => {
    virtualizer.setOptions(setOptions())
    wasAtEnd = options.atEnd()
    if (virtualizer.itemSizeCache.size > list.length + SIZES) {
      const here = new Set<string | number | bigint>(list.map(({ id }) => id))
      for (const known of virtualizer.itemSizeCache.keys()) if (!here.has(known)) virtualizer.itemSizeCache.delete(known)
    }
    version.value++
  })
  watch(version, drawn, { flush: 'post' })
  onMounted(drawn)
  const unmount = virtualizer._didMount()
  onBeforeUnmount(unmount)

  const items = computed(() => {
    void version.value
    return virtualizer.getVirtualItems()
  })
  return {
    virtualizer,
    version,
    indexes: computed(() => items.value.map(({ index }) => index)),
    start: computed(() => items.value[0]?.start ?? 0),
    size: computed(() => {
      void version.value
      return virtualizer.getTotalSize()
    }),
    underWay: () => {
      const command: unknown = Reflect.get(virtualizer, 'scrollState')
      return command !== null && command !== undefined
    },
    remeasure: () => {
      virtualizer.measure()
      for (const row of rows.value?.children ?? []) {
        const index = row instanceof HTMLElement ? virtualizer.indexFromElement(row) : -1
        if (row instanceof HTMLElement && index >= 0) virtualizer.resizeItem(index, row.getBoundingClientRect().height)
      }
    },
  }
}
