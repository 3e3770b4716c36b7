// The terminal itself: its colours and size, its keys, and what screen readers get of it.
import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'

const SCROLLBACK = 5000 // lines
const CONTRAST = 4.5 // WCAG 1.4.3: a colour that has less on its background is changed until it has it

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/**
 * @param describedBy the id of what tells of its keys
 * @param on typed(Uint8Array), resized({columns, rows}), left() by the key that leaves it
 */
export function openTerminal(holder, { label, describedBy, on }) {
  Terminal.strings.promptLabel = label
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const terminal = new Terminal({
    cursorBlink: !calm.matches,
    disableStdin: true,
    fontFamily: getComputedStyle(holder).fontFamily,
    fontSize: fontSize(),
    minimumContrastRatio: CONTRAST,
    scrollback: SCROLLBACK,
    theme: theme(),
  })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  terminal.open(holder)
  terminal.textarea.setAttribute('aria-describedby', describedBy)
  let isCtrl = false // the next letter is a control code: for keyboards without that key
  let onCtrl = () => {}

  // --- Size: of the window, and of the browser's font ---

  function fontSize() {
    return parseFloat(getComputedStyle(holder).fontSize)
  }

  let frame = 0
  function resize() {
    frame ||= requestAnimationFrame(() => {
      frame = 0
      if (terminal.options.fontSize !== fontSize()) terminal.options.fontSize = fontSize()
      fit.fit()
    })
  }
  new ResizeObserver(resize).observe(holder)
  fit.fit()
  terminal.onResize(({ cols, rows }) => on.resized({ columns: cols, rows }))

  // --- Colours of the house ---

  function theme() {
    const style = getComputedStyle(holder)
    const colour = (name) => style.getPropertyValue(`--${name}`).trim()
    const palette = COLOURS.flatMap((name) => [
      [name, colour(`t-${name}`)],
      [`bright${name[0].toUpperCase()}${name.slice(1)}`, colour(`t-${name === 'black' ? 'grey' : name}`)],
    ])
    return {
      ...Object.fromEntries(palette),
      background: colour('surface'),
      foreground: colour('text'),
      cursor: colour('accent'),
      cursorAccent: colour('surface'),
      selectionBackground: colour('t-selection'),
      selectionInactiveBackground: colour('t-selection'),
      scrollbarSliderBackground: colour('t-slider'),
      scrollbarSliderHoverBackground: colour('control'),
      scrollbarSliderActiveBackground: colour('control'),
    }
  }
  dark.addEventListener('change', () => (terminal.options.theme = theme()))
  calm.addEventListener('change', () => (terminal.options.cursorBlink = !calm.matches))

  // --- Keys ---

  // False: the browser does what it does with the key.
  terminal.attachCustomKeyEventHandler((event) => {
    const { type, code, key, ctrlKey, shiftKey, altKey, metaKey } = event
    // Where nothing can be typed, Tab leads on.
    if (terminal.options.disableStdin && key === 'Tab') return false
    if (!ctrlKey || !shiftKey || altKey || metaKey) return true
    if (code === 'KeyV') return false
    if (code !== 'KeyC' && code !== 'KeyX') return true
    // Without this a browser opens its tools.
    event.preventDefault()
    if (type === 'keydown' && code === 'KeyC') void copy()
    if (type === 'keydown' && code === 'KeyX') on.left()
    return false
  })

  const encoder = new TextEncoder()
  terminal.onData((text) => {
    const code = text.toUpperCase().charCodeAt(0)
    const isControl = isCtrl && text.length === 1 && code >= 64 && code < 96
    if (isCtrl) ctrl(false)
    on.typed(encoder.encode(isControl ? String.fromCharCode(code & 31) : text))
  })
  // Reports of the mouse, one byte a character.
  terminal.onBinary((text) => on.typed(Uint8Array.from(text, (one) => one.charCodeAt(0))))

  function ctrl(is) {
    isCtrl = is
    onCtrl(is)
  }

  // --- Copy and paste ---

  /** @returns whether anything is selected */
  async function copy() {
    const text = terminal.getSelection()
    if (!text) return false
    try {
      await navigator.clipboard.writeText(text)
    } catch {
      // Plain HTTP has no clipboard of its own. Xterm gives its selection to the event that this makes.
      document.execCommand('copy')
    }
    return true
  }

  return {
    element: terminal.element,
    size: () => ({ columns: terminal.cols, rows: terminal.rows }),
    write: (bytes) => terminal.write(bytes),
    focus: () => terminal.focus(),
    /** Empty, as new. */
    reset: () => terminal.reset(),
    /** Whether keys go to the shell. */
    listen(is) {
      terminal.options.disableStdin = !is
      terminal.options.cursorBlink = is && !calm.matches
      if (!is) ctrl(false)
    },
    copy,
    paste: (text) => terminal.paste(text),
    /** As if its key was pressed. @param key of `keys` */
    press(key) {
      if (key === 'ctrl') return ctrl(!isCtrl)
      const arrow = { up: 'A', down: 'B', right: 'C', left: 'D' }[key]
      const lead = terminal.modes.applicationCursorKeysMode ? '\x1bO' : '\x1b['
      terminal.input(arrow ? lead + arrow : { esc: '\x1b', tab: '\t' }[key])
    },
    onCtrl: (tell) => (onCtrl = tell),
    /** Whether screen readers get its lines. */
    read: (is) => (terminal.options.screenReaderMode = is),
  }
}
