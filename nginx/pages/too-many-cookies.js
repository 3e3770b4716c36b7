{
  // Removes cookies that pages have set, the largest first, until what is left is no trouble.
  const enough = 8000
  const hosts = location.hostname.split('.').map((_, i, all) => '; domain=' + all.slice(i).join('.'))
  const folders = location.pathname.split('/').map((_, i, all) => all.slice(0, i + 1).join('/'))
  const paths = ['/', ...folders.flatMap((path) => [path, path + '/'])].map((path) => '; path=' + path)
  const cookies = document.cookie.split('; ').sort((a, b) => b.length - a.length)
  let left = document.cookie.length
  for (const cookie of cookies) {
    if (left < enough) break
    left -= cookie.length + 2
    const name = cookie.includes('=') ? cookie.split('=')[0] : ''
    for (const host of ['', ...hosts])
      for (const path of paths)
        for (const secure of ['', '; secure']) document.cookie = name + '=; max-age=0' + host + path + secure
  }
  if (cookies[0] && document.cookie.length < enough) {
    document.querySelector('h1').textContent = 'There were too many cookies'
    document.querySelector('p').textContent =
      'A page of one of the previews may have set them for all of this domain. They have been removed. If you sent something, go back and send it again.'
    const again = document.createElement('a')
    again.href = location.href
    again.textContent = 'Load this page again'
    document.querySelector('main').append(again)
  }
}
