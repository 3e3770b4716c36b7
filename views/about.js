// The page about a preview: copies the link to it.
{
  const button = document.querySelector('#copy')
  button.onclick = async () => {
    const { origin } = location
    let isCopied = true
    try {
      // Browsers have it on HTTPS and localhost alone.
      await navigator.clipboard.writeText(origin + '/')
    } catch {
      const area = document.createElement('textarea')
      area.value = origin + '/'
      button.after(area)
      area.select()
      isCopied = document.execCommand('copy')
      area.remove()
      button.focus()
    }
    document.querySelector('#copied').textContent = isCopied ? 'Copied' : origin + '/'
  }
}
