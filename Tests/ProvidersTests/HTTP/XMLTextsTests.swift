internal import Testing

@testable internal import Providers

@Suite struct XMLTextsTests {
    private func texts(_ text: String) -> XMLTexts? { XMLTexts(Array(text.utf8)) }

    @Test func textsByPath() {
        let found = texts(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- <A><B>no</B></A> -->
            <A xmlns="http://x/" b='c'>
              <B>1 &lt;&amp;&gt; &quot;&apos;&#233;&#x1F600;</B>
              <B>second</B>
              <C d="e" ><B>inner</B ></C><E/><F a="b"/>
            </A>

            """)
        #expect(found?["A/B"] == "1 <&> \"'é😀")
        #expect(found?["A/C/B"] == "inner")
        #expect(found?["A/E"] == "")
        #expect(found?["A/F"] == "")
        #expect(found?["A/D"] == nil)
        #expect(texts("<A/>")?["A"] == "")
    }

    @Test(arguments: [
        "", "text", "<A>", "<A><B></A></B>", "<A></A", "<A", "</A>", "<A></A><B></B>", "<A></A>text", "text<A></A>",
        "<A>&unknown;</A>", "<A>&#xD800;</A>", "<A>&amp</A>", "<!DOCTYPE a><A></A>", "<A><!-- </A>", "<>x</>",
        "<html><body><br></body></html>",
    ])
    func notWhole(_ text: String) {
        #expect(texts(text) == nil)
    }

    @Test func cutAnywhere() {
        let whole = Array("<?xml version='1.0'?><A x='1'><B>1 &lt; 2</B><!-- c --><C/></A>".utf8)
        #expect(XMLTexts(whole) != nil)
        for count in 0..<whole.count { #expect(XMLTexts(Array(whole[..<count])) == nil) }
        #expect(XMLTexts([0x3C, 0x41, 0x3E, 0xFF, 0x3C, 0x2F, 0x41, 0x3E]) == nil)
    }
}
