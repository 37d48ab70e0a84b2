package org.pgkeel.protocol.auth;

import com.ongres.stringprep.Tables;
import java.text.Normalizer;

/// SASLprep of a password, in PostgreSQL's order: it looks for prohibited, unassigned and right-to-left characters before it
/// normalizes, where RFC 3454 says after. The difference shows in a handful of characters, and there decides whether a login works.
/// <https://www.rfc-editor.org/rfc/rfc4013#section-2>
final class PasswordPreparation {
    private PasswordPreparation() {}

    /// The prepared password; the password itself if SASLprep refuses it, as PostgreSQL does.
    static String prepare(String password) {
        if (password.chars().allMatch(c -> c < 0x80)) return password;
        int[] mapped = password.codePoints()
                .map(c -> Tables.prohibitionNonAsciiSpace(c) ? ' ' : c)
                .filter(c -> !Tables.mapToNothing(c))
                .toArray();
        if (mapped.length == 0 || isProhibited(mapped) || mixesDirections(mapped)) return password;
        return Normalizer.normalize(new String(mapped, 0, mapped.length), Normalizer.Form.NFKC);
    }

    private static boolean isProhibited(int[] codePoints) {
        for (int c : codePoints) {
            if (Tables.prohibitionAsciiControl(c) || Tables.prohibitionNonAsciiControl(c) || Tables.prohibitionPrivateUse(c)
                    || Tables.prohibitionNonCharacterCodePoints(c) || Tables.prohibitionSurrogateCodes(c)
                    || Tables.prohibitionInappropriatePlainText(c) || Tables.prohibitionInappropriateCanonicalRepresentation(c)
                    || Tables.prohibitionChangeDisplayProperties(c) || Tables.prohibitionTaggingCharacters(c)
                    || Tables.unassignedCodePoints(c)) {
                return true;
            }
        }
        return false;
    }

    /// Right-to-left text must begin and end with a right-to-left character and hold no left-to-right one.
    private static boolean mixesDirections(int[] codePoints) {
        boolean anyRightToLeft = false;
        boolean anyLeftToRight = false;
        for (int c : codePoints) {
            anyRightToLeft |= Tables.bidirectionalPropertyRorAL(c);
            anyLeftToRight |= Tables.bidirectionalPropertyL(c);
        }
        return anyRightToLeft && (anyLeftToRight || !Tables.bidirectionalPropertyRorAL(codePoints[0])
                || !Tables.bidirectionalPropertyRorAL(codePoints[codePoints.length - 1]));
    }
}
