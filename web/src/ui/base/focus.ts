// Where the focus goes on when what has it goes away.

/** For the press of a button that goes by it: what had the focus there goes on from the next place around it that can have it. */
export const focusAround = ({ currentTarget }: Event): void => {
  if (currentTarget instanceof Element) currentTarget.parentElement?.closest<HTMLElement>('[tabindex]')?.focus({ preventScroll: true })
}
