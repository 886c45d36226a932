/*
 * test_sha256.c - the examples of FIPS 180-4 (NIST's "SHA256.pdf" and the million of a's), and in pieces.
 */
#include "support/support.h"

#include "base/sha256.h"
#include "gk.h"

static void assert_digest(struct sha256 *sha, const char *hex)
{
    uint8_t digest[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];

    sha256_final(sha, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, hex);
}

static void the_standards_examples_are_right(void **state)
{
    static const struct {
        const char *text, *hex;
    } EXAMPLES[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
         "nopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
        struct sha256 sha;
        sha256_init(&sha);
        sha256_update(&sha, EXAMPLES[i].text, strlen(EXAMPLES[i].text));
        assert_digest(&sha, EXAMPLES[i].hex);
    }
}

static void a_million_in_pieces_of_any_size_is_right(void **state)
{
    struct random random = random_from(test_seed("sha256"));
    struct sha256 sha;
    char a[200];
    (void)state;

    memset(a, 'a', sizeof a);
    sha256_init(&sha);
    for (size_t left = 1000000; left > 0;) {
        size_t n = random_below(&random, sizeof a + 1);
        n = n > left ? left : n;
        sha256_update(&sha, a, n);
        left -= n;
    }
    assert_digest(&sha, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_host_has_it_in_one_call(void **state)
{
    static const uint8_t ABC[4] = {0xba, 0x78, 0x16, 0xbf};
    uint8_t digest[32];
    (void)state;

    gk_sha256("abc", 3, digest);
    assert_memory_equal(digest, ABC, sizeof ABC);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_standards_examples_are_right),
    cmocka_unit_test(a_host_has_it_in_one_call),
    cmocka_unit_test(a_million_in_pieces_of_any_size_is_right),
};

RUN_TESTS(tests)
