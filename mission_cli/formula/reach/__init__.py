"""What can still become of a condition by the end of its window, whatever orders the days ahead bring. Pure.

Days that are over are taken as they stand; nothing is known of how many orders a day may bring.
"""
