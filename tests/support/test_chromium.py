"""The browser of the tests."""

from playwright.async_api import async_playwright

from support import chromium


async def test_shows_a_page() -> None:
    """Chromium starts, also as root, and runs a page's script."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium.launch_options())
        page = await browser.new_page()
        await page.set_content("<h1>one</h1><script>document.querySelector('h1').textContent = 'two'</script>")
        assert await page.inner_text("h1") == "two"
        await browser.close()
