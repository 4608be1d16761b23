// Zoom and move with the wheel, with two fingers, with a double click, by dragging.
import { computed, ref, type ComputedRef } from 'vue'

const MOST = 8

/** Where it happened, from the middle of the stage. */
const fromMiddle = (event: MouseEvent): { px: number; py: number } => {
  const stage = event.currentTarget instanceof HTMLElement ? event.currentTarget.getBoundingClientRect() : new DOMRect()
  return { px: event.clientX - stage.left - stage.width / 2, py: event.clientY - stage.top - stage.height / 2 }
}

export const useZoom = (): {
  style: ComputedRef<{ transform: string }>
  zoomed: ComputedRef<boolean>
  reset: () => void
  zoomBy: (factor: number) => void
  handlers: Record<string, (event: Event) => void>
} => {
  const scale = ref(1)
  const x = ref(0)
  const y = ref(0)
  const fingers = new Map<number, { x: number; y: number }>()

  const reset = (): void => {
    scale.value = 1
    x.value = y.value = 0
  }
  /** Around a point, given from the middle of the stage. */
  const zoomAt = (factor: number, px: number, py: number): void => {
    const next = Math.min(MOST, Math.max(1, scale.value * factor))
    if (next === 1) return reset()
    const by = next / scale.value
    x.value = px - (px - x.value) * by
    y.value = py - (py - y.value) * by
    scale.value = next
  }
  const apart = (): number => {
    const [a, b] = [...fingers.values()]
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0
  }

  const move = (event: PointerEvent): void => {
    const before = fingers.get(event.pointerId)
    if (!before) return
    const was = apart()
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (fingers.size === 2 && was > 0) {
      const { px, py } = fromMiddle(event)
      zoomAt(apart() / was, px, py)
    } else if (fingers.size === 1 && scale.value > 1) {
      x.value += event.clientX - before.x
      y.value += event.clientY - before.y
    }
  }
  const lift = (event: Event): void => {
    if (event instanceof PointerEvent) fingers.delete(event.pointerId)
  }

  return {
    style: computed(() => ({ transform: `translate(${x.value}px, ${y.value}px) scale(${scale.value})` })),
    zoomed: computed(() => scale.value > 1),
    reset,
    zoomBy: (factor) => zoomAt(factor, 0, 0),
    handlers: {
      wheel: (event) => {
        if (!(event instanceof WheelEvent)) return
        event.preventDefault()
        const { px, py } = fromMiddle(event)
        zoomAt(Math.exp(-event.deltaY / 400), px, py)
      },
      dblclick: (event) => {
        if (!(event instanceof MouseEvent)) return
        const { px, py } = fromMiddle(event)
        if (scale.value > 1) reset()
        else zoomAt(2.5, px, py)
      },
      pointerdown: (event) => {
        if (!(event instanceof PointerEvent)) return
        fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
      },
      pointermove: (event) => {
        if (event instanceof PointerEvent) move(event)
      },
      pointerup: lift,
      pointercancel: lift,
      pointerleave: lift,
    },
  }
}
