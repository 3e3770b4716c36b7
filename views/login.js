// Counts down to when a form that was sent too often opens again, and opens it.
{
  const shown = document.querySelector('[data-opens-in]')
  const at = Date.now() + 1000 * Number(shown.dataset.opensIn)

  const tick = () => {
    const left = Math.ceil((at - Date.now()) / 1000)
    if (left > 0) shown.textContent = `${left}\u00a0s`
    else open()
  }

  const timer = setInterval(tick, 200)

  function open() {
    clearInterval(timer)
    document.querySelector('#error').hidden = true
    document.querySelector('#opened').textContent = 'The form is open again.'
    const fields = document.querySelectorAll('form [disabled]')
    for (const field of fields) field.disabled = false
    if (document.activeElement === document.body) fields[0].focus()
  }
}
